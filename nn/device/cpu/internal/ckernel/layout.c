#include "parallel.h"

#define BF16 // get and put are for the halves
#include "elem.h"

// A chunk is `span` places of one sample: its two sides fit the nearest cache.
enum { span = 256, tile = 16 };

// How a tile of channels lies: element (channel k, place s) of the tile at c is
// at start(c) + k*channel + s*place.
typedef struct {
    int64_t block, channel, place;
} side;

typedef struct {
    int64_t channels, places, spans;
    side from, to;
    int elem_from, elem_to;
    const char *x;
    char *y;
} job;

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static inline int64_t start(const job *j, side s, int64_t c) {
    return c / s.block * s.block * j->places + c % s.block * s.channel;
}

#define SAME(v) (v)
// The loop over places is inside where the output's channels lie apart.
#define TURN(name, source, target, convert)                                                        \
    static void name(const job *j, int64_t sample, int64_t first, int64_t last) {                  \
        const source *x = (const source *)j->x + sample * j->channels * j->places;                 \
        target *y = (target *)j->y + sample * j->channels * j->places;                             \
        side f = j->from, t = j->to;                                                               \
        for (int64_t c = 0; c < j->channels; c += tile) {                                          \
            int64_t n = least(tile, j->channels - c);                                              \
            const source *xc = x + start(j, f, c);                                                 \
            target *yc = y + start(j, t, c);                                                       \
            for (int64_t s = first; s < last; s += tile)                                           \
                if (t.channel == 1)                                                                \
                    for (int64_t l = s; l < least(s + tile, last); l++)                            \
                        for (int64_t k = 0; k < n; k++)                                            \
                            yc[k + l * t.place] = convert(xc[k * f.channel + l * f.place]);        \
                else                                                                               \
                    for (int64_t k = 0; k < n; k++)                                                \
                        for (int64_t l = s; l < least(s + tile, last); l++)                        \
                            yc[k * t.channel + l] = convert(xc[k * f.channel + l * f.place]);      \
        }                                                                                          \
    }

TURN(words_to_words, uint32_t, uint32_t, SAME)
TURN(halves_to_halves, uint16_t, uint16_t, SAME)
TURN(floats_to_halves, float, uint16_t, put)
TURN(halves_to_floats, uint16_t, float, get)

static void turn_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t first = i % j->spans * span, last = least(first + span, j->places), n = i / j->spans;
    if (j->elem_from == ck_f32)
        (j->elem_to == ck_f32 ? words_to_words : floats_to_halves)(j, n, first, last);
    else
        (j->elem_to == ck_f32 ? halves_to_floats : halves_to_halves)(j, n, first, last);
}

static side side_of(ck_place p, int64_t places) {
    if (p.block == 1) return (side){1, places, 1};
    return (side){p.block, 1, p.block};
}

void ck_turn(const ck_team *t, int64_t n, int64_t c, int64_t places, ck_place from, ck_place to,
             const void *x, void *y) {
    job j = {.channels = c, .places = places, .spans = (places + span - 1) / span,
             .from = side_of(from, places), .to = side_of(to, places),
             .elem_from = from.elem, .elem_to = to.elem, .x = x, .y = y};
    ck_parallel(t, n * j.spans, turn_chunk, &j);
}
