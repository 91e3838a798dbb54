package prepare

import (
	"archive/tar"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/clvid/clvid/internal/atomicfile"
	"github.com/clvid/clvid/internal/tarindex"
	"github.com/clvid/clvid/media/dataset"
)

// Note [Shards]
//
// Videos are made as files, in either format; that is what a killed run goes on
// from. Shards are then packed from the files in one go, and the files removed
// last. Where anything changed, videos that lie in shards alone become files
// again before a shard is touched, so that each is whole in one place at least
// at any time.
//
// Samples lie in the order of a hash of their names: whoever reads shards one
// after the other finds classes mixed, and the order depends on nothing else.

// shardsName lists the shards that are there.
const shardsName = "shards.json"

// shardList is what lies in the shards of a folder.
type shardList struct {
	// Digest of all that decides about their bytes.
	Digest string      `json:"digest"`
	Shards []shardFile `json:"shards"`
	// Members are the videos: their names and the shards they lie in.
	Members map[string]string `json:"members"`
}

type shardFile struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	Videos int    `json:"videos"`
}

// readShards returns the list of a folder, empty where there is none. Videos of
// a shard that is not as listed are left out.
func readShards(dir string) (shardList, error) {
	none := shardList{Members: map[string]string{}}
	data, err := os.ReadFile(filepath.Join(dir, shardsName))
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil
	}
	var l shardList
	if err == nil {
		err = json.Unmarshal(data, &l)
	}
	if err != nil {
		return none, fmt.Errorf("prepare: %s: %w", shardsName, err)
	}
	for _, s := range l.Shards {
		if info, err := os.Stat(filepath.Join(dir, s.Name)); err != nil || info.Size() != s.Bytes {
			l.Digest = "" // pack again
			maps.DeleteFunc(l.Members, func(_, shard string) bool { return shard == s.Name })
		}
	}
	return l, nil
}

// memberName is the name of a video in a shard.
func memberName(output string) string { return strings.TrimPrefix(output, videosName+"/") }

// sample is a video with the texts beside it.
type sample struct {
	output  string
	bytes   int64
	sidecar []byte // JSON, nil where several items share the video
	order   [32]byte
}

// samples lists what goes into shards, in their order.
func samples(items []dataset.Item, outcomes []outcome) ([]sample, error) {
	beside := map[string][]dataset.Item{}
	for _, it := range manifest(items, outcomes) {
		beside[it.Name] = append(beside[it.Name], it)
	}
	var out []sample
	for _, o := range outcomes {
		if o.err != nil {
			continue
		}
		s := sample{output: o.Output, bytes: o.Bytes, order: sha256.Sum256([]byte(o.Output))}
		if its := beside[o.Output]; len(its) == 1 {
			var err error
			if s.sidecar, err = sidecar(its[0]); err != nil {
				return nil, err
			}
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b sample) int {
		return cmp.Or(bytes.Compare(a.order[:], b.order[:]), strings.Compare(a.output, b.output))
	})
	return out, nil
}

// sidecar is what the manifest says of an item, but for its path.
func sidecar(it dataset.Item) ([]byte, error) {
	columns := map[string]any{}
	for key, value := range it.Fields {
		columns[key] = value
	}
	for _, column := range []string{"label", "split", "start", "end"} {
		if value, ok := it.Field(column); ok {
			columns[column] = value
		}
	}
	if len(it.Captions) > 0 {
		columns["caption"] = it.Captions
	}
	data, err := json.Marshal(columns)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	return append(data, '\n'), nil
}

// digest names all that decides about the bytes of the shards; that a video was
// made anew shows in its time.
func (j *job) digest(all []sample, outcomes []outcome) string {
	h := sha256.New()
	fmt.Fprintf(h, "%d MB\n", j.ShardMB)
	changed := map[string]int64{}
	for _, o := range outcomes {
		changed[o.Output] = o.Changed
	}
	for _, s := range all {
		fmt.Fprintf(h, "%q %d %d %q\n", s.output, s.bytes, changed[s.output], s.sidecar)
	}
	fmt.Fprintln(h, j.key())
	return hex.EncodeToString(h.Sum(nil))
}

// pack puts all videos into shards, unless they lie there already, and returns
// the names of their members, by output.
func (j *job) pack(items []dataset.Item, outcomes []outcome) (map[string]string, error) {
	all, err := samples(items, outcomes)
	if err != nil {
		return nil, err
	}
	list := shardList{Digest: j.digest(all, outcomes), Members: map[string]string{}}
	if list.Digest != j.shards.Digest {
		if err := j.unpack(all); err != nil {
			return nil, err
		}
		if list.Shards, err = j.writeShards(all, list.Members); err != nil {
			return nil, err
		}
		if err := j.replaceShards(list); err != nil {
			return nil, err
		}
	} else {
		list = j.shards
	}
	names := map[string]string{}
	for output, shard := range list.Members {
		names[output] = tarindex.Join(shard, memberName(output))
	}
	return names, nil
}

// unpack makes files of the videos that lie in shards alone.
func (j *job) unpack(all []sample) error {
	wanted := map[string]sample{}
	for _, s := range all {
		if shard := j.shards.Members[s.output]; shard != "" && !j.there(s.output, s.bytes) {
			wanted[tarindex.Join(shard, memberName(s.output))] = s
		}
	}
	for _, shard := range j.shards.Shards {
		if !slices.Contains(slices.Collect(maps.Values(j.shards.Members)), shard.Name) {
			continue // not as listed
		}
		err := j.eachMember(shard.Name, func(m tarindex.Member, data io.Reader) error {
			s, ok := wanted[tarindex.Join(shard.Name, m.Name)]
			if !ok {
				return nil
			}
			temporary := filepath.Join(j.dir, workName, "member")
			err := atomicfile.Stream(temporary, func(w io.Writer) error {
				_, err := io.Copy(w, data)
				return err
			})
			if err != nil {
				return err
			}
			return j.name(temporary, s.output)
		})
		if err != nil {
			return fmt.Errorf("prepare: %s: %w", shard.Name, err)
		}
	}
	return nil
}

func (j *job) eachMember(shard string, visit func(m tarindex.Member, data io.Reader) error) error {
	f, err := os.Open(j.path(shard))
	if err != nil {
		return err
	}
	defer f.Close()
	return tarindex.Walk(f, visit)
}

// writeShards writes the shards among the half-made files. A shard is closed by
// the sample that brings it to its size.
func (j *job) writeShards(all []sample, members map[string]string) ([]shardFile, error) {
	var out []shardFile
	for len(all) > 0 {
		s := shardFile{Name: fmt.Sprintf("shard-%03d.tar", len(out))}
		for s.Videos < len(all) && s.Bytes < int64(j.ShardMB)<<20 {
			s.Bytes += all[s.Videos].bytes
			members[all[s.Videos].output] = s.Name
			s.Videos++
		}
		path := filepath.Join(j.dir, workName, s.Name)
		if err := atomicfile.Stream(path, func(w io.Writer) error { return j.writeShard(w, all[:s.Videos]) }); err != nil {
			return nil, fmt.Errorf("prepare: %s: %w", s.Name, err)
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("prepare: %w", err)
		}
		s.Bytes = info.Size()
		out, all = append(out, s), all[s.Videos:]
	}
	return out, nil
}

// writeShard writes one tar file, without times and owners.
func (j *job) writeShard(w io.Writer, all []sample) error {
	t := tar.NewWriter(w)
	member := func(name string, size int64, data io.Reader) error {
		if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: size}); err != nil {
			return err
		}
		_, err := io.Copy(t, data)
		return err
	}
	for _, s := range all {
		f, err := os.Open(j.path(s.output))
		if err != nil {
			return err
		}
		name := memberName(s.output)
		err = errors.Join(member(name, s.bytes, f), f.Close())
		if err == nil && s.sidecar != nil {
			err = member(strings.TrimSuffix(name, j.tools.Ending)+".json", int64(len(s.sidecar)), bytes.NewReader(s.sidecar))
		}
		if err != nil {
			return err
		}
	}
	return t.Close()
}

// replaceShards gives the new shards their names and removes old ones.
func (j *job) replaceShards(list shardList) error {
	data, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	// Until the new list is there, files count and shards do not.
	if err := os.Remove(j.path(shardsName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("prepare: %w", err)
	}
	for _, s := range list.Shards {
		if err := os.Rename(filepath.Join(j.dir, workName, s.Name), j.path(s.Name)); err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
	}
	if len(list.Shards) > 0 {
		if err := atomicfile.Write(j.path(shardsName), append(data, '\n')); err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
	}
	for _, s := range j.shards.Shards {
		if !slices.ContainsFunc(list.Shards, func(n shardFile) bool { return n.Name == s.Name }) {
			if err := os.Remove(j.path(s.Name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("prepare: %w", err)
			}
		}
	}
	return nil
}

// dropShards removes the shards of a folder that is to hold files, once those
// are there.
func (j *job) dropShards(items []dataset.Item, outcomes []outcome) error {
	if len(j.shards.Shards) == 0 {
		return nil
	}
	all, err := samples(items, outcomes)
	if err != nil {
		return err
	}
	if err := j.unpack(all); err != nil {
		return err
	}
	return j.replaceShards(shardList{Members: map[string]string{}})
}

// path is where a file of the folder lies.
func (j *job) path(name string) string { return filepath.Join(j.dir, filepath.FromSlash(name)) }

// name gives a finished file of the half-made ones its place.
func (j *job) name(temporary, output string) error {
	final := j.path(output)
	if err := os.MkdirAll(filepath.Dir(final), 0o755); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	if err := os.Rename(temporary, final); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	return nil
}

// there tells whether a video is a file of its size.
func (j *job) there(output string, size int64) bool {
	info, err := os.Stat(j.path(output))
	return err == nil && info.Size() == size
}
