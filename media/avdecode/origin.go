package avdecode

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/clvid/clvid/internal/tarindex"
	"github.com/clvid/clvid/media"
)

// origin is where the bytes of a path lie: a whole file, or a member of a tar
// shard, which FFmpeg's subfile protocol reads in place.
type origin struct {
	path         string // absolute, with the member
	file         string // absolute
	offset, size int64  // bytes of the file that are the video
	changed      int64  // modification time of the file, nanoseconds
	member       bool
}

// id names this state of the origin.
func (s origin) id() fileID {
	return fileID{Path: s.path, Offset: s.offset, Size: s.size, Changed: s.changed}
}

// url is what FFmpeg opens.
func (s origin) url() string {
	if !s.member {
		return "file:" + s.file
	}
	return fmt.Sprintf("subfile,,start,%d,end,%d,,:file:%s", s.offset, s.offset+s.size, s.file)
}

// regular finds a regular file with content, or a member of one: shard.tar#name,
// unless a file has that name. It refuses the rest: a pipe can block for ever,
// and FFmpeg does not poll its interrupt there.
func regular(path string) (origin, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return origin{}, &failure{err, ""}
	}
	st, err := os.Stat(abs)
	if file, member, ok := tarindex.Split(abs); ok && errors.Is(err, fs.ErrNotExist) {
		return memberOrigin(abs, file, member)
	} else if ok && err != nil { // such as "not a directory", for names with slashes
		return memberOrigin(abs, file, member)
	}
	if err := admitFile(st, err); err != nil {
		return origin{}, err
	}
	return origin{path: abs, file: abs, size: st.Size(), changed: st.ModTime().UnixNano()}, nil
}

// admitFile refuses what is no regular file with content.
func admitFile(st fs.FileInfo, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &failure{fs.ErrNotExist, "no such file"}
	case err != nil:
		return &failure{err, ""}
	case st.IsDir():
		return &failure{media.ErrUnsupported, "it is a folder, not a file"}
	case !st.Mode().IsRegular():
		return &failure{media.ErrUnsupported, fmt.Sprintf("it is no regular file (mode %s)", st.Mode())}
	case st.Size() == 0:
		return &failure{media.ErrCorrupt, "the file is empty"}
	}
	return nil
}

func memberOrigin(path, file, member string) (origin, error) {
	st, err := os.Stat(file)
	if err := admitFile(st, err); err != nil {
		return origin{}, err
	}
	shard := shards.get(fileID{Path: file, Size: st.Size(), Changed: st.ModTime().UnixNano()})
	m, ok := shard.members[member]
	switch {
	case !ok && shard.err != nil:
		return origin{}, &failure{media.ErrCorrupt, fmt.Sprintf("the shard is damaged before this member: %v", shard.err)}
	case !ok:
		return origin{}, &failure{fs.ErrNotExist, fmt.Sprintf("the shard has no such member among its %d", len(shard.members))}
	case m.Size == 0:
		return origin{}, &failure{media.ErrCorrupt, "the member is empty"}
	}
	return origin{path: path, file: file, offset: m.Offset, size: m.Size, changed: st.ModTime().UnixNano(), member: true}, nil
}

// rememberedMembers bounds the members that are held in memory.
const rememberedMembers = 1 << 22

// shards are the tar files that this process has read the names of. It is the
// only state that decoders share; it depends on the files alone.
var shards = shardCache{read: map[fileID]*shard{}}

// shardCache reads each state of a tar file once.
type shardCache struct {
	mu      sync.Mutex
	read    map[fileID]*shard
	members int
}

// shard is the list of a tar file's members, up to a damaged spot.
type shard struct {
	once    sync.Once
	members map[string]tarindex.Member
	err     error
}

func (c *shardCache) get(id fileID) *shard {
	c.mu.Lock()
	s := c.read[id]
	if s == nil {
		if c.members > rememberedMembers {
			clear(c.read)
			c.members = 0
		}
		s = &shard{members: map[string]tarindex.Member{}}
		c.read[id] = s
	}
	c.mu.Unlock()
	s.once.Do(func() {
		var list []tarindex.Member
		list, s.err = tarindex.Read(id.Path)
		for _, m := range list {
			if _, again := s.members[m.Name]; !again {
				s.members[m.Name] = m
			}
		}
		c.mu.Lock()
		c.members += len(list)
		c.mu.Unlock()
	})
	return s
}
