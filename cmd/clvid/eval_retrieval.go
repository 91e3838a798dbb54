package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/clvid/clvid/media/dataset"
	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/methods/eval"
	"github.com/clvid/clvid/methods/train"
	"github.com/clvid/clvid/text"
)

func newEvalRetrieval() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "retrieval RUN",
		Short: "find videos by caption and captions by video",
		Long: `Ranks all videos of split test for each caption, and all captions for each
video: R@1, R@5, R@10, median and mean rank, ties averaged. Videos that share a
caption are equally right answers to it; with --same, so are videos that agree in
those columns.`,
		Example: "  clvid eval retrieval RUN\n  clvid eval retrieval RUN --same label,colour,shape",
		Args:    oneArg("the folder of a run with --task video-text"),
	}
	f := addEvalFlags(cmd)
	var same []string
	cmd.Flags().StringSliceVar(&same, "same", nil, "`COLUMN[,COLUMN]` in which equally right videos agree")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return f.evaluate(cmd, args, f.loadRun, func(s *session, run string) (report, error) {
			r, err := s.retrieval(cmd.Context(), run, same)
			if err != nil {
				return nil, err
			}
			return r, nil
		})
	}
	return cmd
}

// retrieval embeds the reported split by both towers of a run and ranks.
func (s *session) retrieval(ctx context.Context, run string, same []string) (*eval.RetrievalReport, error) {
	all, err := s.open()
	if err != nil {
		return nil, err
	}
	set, err := all.Select(dataset.Query{Split: s.reportSplit(), Where: s.cfg.Where})
	if err != nil {
		return nil, err
	}
	vocabulary, err := text.Load(filepath.Join(run, vocabularyFile))
	if err != nil {
		return nil, fmt.Errorf("%s was not trained on captions: want a run with --task video-text: %w", run, err)
	}
	videos, err := s.videoEmbeddings(ctx, run, set, vocabulary)
	if err != nil {
		return nil, err
	}
	readable := set.Filter(readableIn(videos))
	captions, pairing, err := pairCaptions(readable, same)
	if err != nil {
		return nil, err
	}
	words, err := s.textEmbeddings(run, captions, vocabulary)
	if err != nil {
		return nil, err
	}
	gallery, err := eval.FromFloat32(len(videos.Items), videos.D, videos.X)
	if err != nil {
		return nil, err
	}
	sims := words.Normalized().TimesTransposed(gallery.Normalized())
	r, err := eval.NewRetrievalReport("retrieval", sims, pairing, s.evalSettings(run, map[string]any{"same": same}))
	if err != nil {
		return nil, err
	}
	r.Notes = append(r.Notes, s.notesFor(false, videos)...)
	return r, nil
}

// readableIn keeps the items that have features.
func readableIn(f *eval.Features) func(dataset.Item) bool {
	have := map[string]bool{}
	for _, item := range f.Items {
		have[item.Path] = true
	}
	return func(item dataset.Item) bool { return have[item.Path] }
}

// pairCaptions lists the different captions of a set, and which videos answer
// which: those that share a caption, directly or through others, or agree in
// the columns of same.
func pairCaptions(set *dataset.Set, same []string) ([]string, eval.Pairing, error) {
	groups := newUnion()
	var captions, captionGroups, videoGroups []string
	for _, item := range set.Items {
		if len(item.Captions) == 0 {
			return nil, eval.Pairing{}, fmt.Errorf("%s has no caption: retrieval needs a manifest with a column caption", item.Name)
		}
		key, err := sameKey(item, same)
		if err != nil {
			return nil, eval.Pairing{}, err
		}
		for _, c := range item.Captions {
			if !groups.has("caption " + c) {
				captions = append(captions, c)
			}
			groups.join(key, "caption "+c)
		}
	}
	for _, c := range captions {
		captionGroups = append(captionGroups, groups.find("caption "+c))
	}
	for _, item := range set.Items {
		videoGroups = append(videoGroups, groups.find("caption "+item.Captions[0]))
	}
	return captions, eval.ByGroup(captionGroups, videoGroups), nil
}

// sameKey names what a video is interchangeable with: itself, or the videos
// that agree in some columns.
func sameKey(item dataset.Item, same []string) (string, error) {
	if len(same) == 0 {
		return "video " + item.Name, nil
	}
	key := "same"
	for _, column := range same {
		v, ok := item.Field(column)
		if !ok {
			return "", fmt.Errorf("%s has no %q: change --same", item.Name, column)
		}
		key += "\x00" + v
	}
	return key, nil
}

// union joins names to groups.
type union struct{ parent map[string]string }

func newUnion() *union { return &union{map[string]string{}} }

func (u *union) has(name string) bool {
	_, ok := u.parent[name]
	return ok
}

// find returns the name that stands for a group.
func (u *union) find(name string) string {
	for u.has(name) && u.parent[name] != name {
		name = u.parent[name]
	}
	return name
}

func (u *union) join(a, b string) {
	for _, name := range []string{a, b} {
		if !u.has(name) {
			u.parent[name] = name
		}
	}
	u.parent[u.find(b)] = u.find(a)
}

func (s *session) videoEmbeddings(ctx context.Context, run string, set *dataset.Set, v *text.Vocabulary) (*eval.Features, error) {
	env, err := s.env(nil, s.cfg.Eval.Batch)
	if err != nil {
		return nil, err
	}
	s.withText(env, v)
	net, err := s.network(env, run, "", methods.VideoEmbedding)
	if err != nil {
		return nil, err
	}
	defer net.Close()
	return s.features(ctx, net, set, "videos of "+list(s.reportSplit()))
}

// textEmbeddings runs the text tower: one unit row for each caption.
func (s *session) textEmbeddings(run string, captions []string, v *text.Vocabulary) (eval.Matrix, error) {
	tok, err := text.NewTokenizer(v, s.cfg.Text.Length)
	if err != nil {
		return eval.Matrix{}, err
	}
	env, err := s.env(nil, min(len(captions), captionsAtOnce))
	if err != nil {
		return eval.Matrix{}, err
	}
	s.withText(env, v)
	net, err := methods.NewTextNetwork(env)
	if err != nil {
		return eval.Matrix{}, err
	}
	defer net.Close()
	if err := eval.Load(filepath.Join(run, train.WeightsFile), env.Store, "text."); err != nil {
		return eval.Matrix{}, err
	}
	var out []float32
	for chunk := range slices.Chunk(captions, env.N) {
		rows, err := embedCaptions(net, tok, chunk)
		if err != nil {
			return eval.Matrix{}, err
		}
		out = append(out, rows...)
	}
	return eval.FromFloat32(len(captions), net.Width(), out)
}

// captionsAtOnce bounds the memory of the text tower.
const captionsAtOnce = 256

// embedCaptions embeds captions at once: (len(captions), D).
func embedCaptions(net *methods.Network, tok *text.Tokenizer, captions []string) ([]float32, error) {
	ids, mask := make([]int32, len(captions)*tok.Length()), make([]float32, len(captions)*tok.Length())
	for i, c := range captions {
		e, err := tok.Encode(c)
		if err != nil {
			return nil, err
		}
		copy(ids[i*tok.Length():], e.IDs)
		copy(mask[i*tok.Length():], e.Mask)
	}
	return net.Run(ids, mask)
}

func list(names []string) string { return strings.Join(names, ", ") }
