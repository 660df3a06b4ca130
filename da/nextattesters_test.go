package da

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// attesters of one-letter operators: "a5 c2" is a with power 5, c with power 2.
func lettered(list string) (set []Attester) {
	for _, word := range strings.Fields(list) {
		set = append(set, Attester{Operator: [AddressSize]byte{word[0]}, Power: uint64(word[1] - '0')})
	}
	return set
}

func letters(set []Attester) string {
	var words []string
	for _, a := range set {
		words = append(words, string([]byte{a.Operator[0], '0' + byte(a.Power)}))
	}
	return strings.Join(words, " ")
}

func TestNextAttesters(t *testing.T) {
	for _, c := range []struct{ name, before, candidates, want string }{
		{"the first set", "", "a1 b9 c5", "b9 c5 a1"},
		{"equal powers", "", "c1 b1 a1", "a1 b1 c1"},
		{"nobody", "a1 b2", "", ""},
		{"nobody ever", "", "", ""},
		{"the same", "c1 a9 b5", "a9 b5 c1", "c1 a9 b5"},
		{"other powers", "c1 a9 b5", "a1 b9 c5", "c5 a1 b9"},
		{"a newcomer", "c1 a1", "a1 b9 c1", "c1 a1 b9"},
		{"newcomers by power", "c1", "a1 b9 c1 d9", "c1 b9 d9 a1"},
		{"one for another", "c1 a1 b1", "d9 c1 b1", "c1 d9 b1"},
		{"two for one", "c1 a1 b1", "e2 d9 c1 b1", "c1 d9 b1 e2"},
		{"one for two", "c1 a1 b1 f1", "d9 b1 f1", "d9 f1 b1"},
		{"the first leaves", "c1 a1 b1", "a1 b1", "b1 a1"},
		{"the last leaves", "c1 a1 b1", "a1 c1", "c1 a1"},
		{"all but the last leave", "c1 a1 b1", "b1", "b1"},
		{"all but two leave", "a1 b1 c1 d1 e1", "c1 e1", "e1 c1"},
		{"all leave, others come", "a1 b1", "c2 d3", "d3 c2"},
	} {
		if got := letters(NextAttesters(lettered(c.before), lettered(c.candidates))); got != c.want {
			t.Errorf("%s: %q is followed by %q, want %q", c.name, c.before, got, c.want)
		}
	}
}

// TestNextAttestersAtRandom: the members are the candidates of greatest power; who stays below the new length
// keeps its place, and no more places change than members come and go; the order of candidates is of no matter.
func TestNextAttestersAtRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var before []Attester
	for range 400 {
		candidates := randomCandidates(random)
		kept := slices.Clone(candidates)
		next := NextAttesters(before, candidates)
		if !slices.Equal(kept, candidates) {
			t.Fatal("the candidates were changed")
		}
		random.Shuffle(len(candidates), func(i, j int) { candidates[i], candidates[j] = candidates[j], candidates[i] })
		if again := NextAttesters(before, candidates); !slices.Equal(again, next) {
			t.Fatal("the order of candidates matters")
		}
		requireMembers(t, next, candidates)
		requireFewMoves(t, before, next)
		before = next
	}
}

func randomCandidates(random *rand.Rand) (candidates []Attester) {
	for id := range 300 {
		if random.IntN(10) > 0 {
			candidates = append(candidates, Attester{Operator: [AddressSize]byte{byte(id), byte(id >> 8)}, Power: 1 + random.Uint64N(50)})
		}
	}
	return candidates[:random.IntN(len(candidates)+1)]
}

func requireMembers(t *testing.T, next, candidates []Attester) {
	t.Helper()
	want := slices.SortedFunc(slices.Values(candidates), byPower)
	want = want[:min(len(want), MaxAttesters)]
	if got := slices.SortedFunc(slices.Values(next), byPower); !slices.Equal(got, want) {
		t.Fatalf("%d members of %d candidates are not those of greatest power", len(next), len(candidates))
	}
}

func requireFewMoves(t *testing.T, before, next []Attester) {
	t.Helper()
	at := make(map[[AddressSize]byte]int)
	for i, a := range before {
		at[a.Operator] = i
	}
	newcomers, changed := 0, 0
	for i, a := range next {
		was, stays := at[a.Operator]
		if !stays {
			newcomers++
		} else {
			delete(at, a.Operator)
		}
		if stays && was < len(next) && was != i {
			t.Fatalf("one moved from %d to %d in a set of %d", was, i, len(next))
		}
		if i >= len(before) || before[i].Operator != a.Operator {
			changed++
		}
	}
	if left := len(at); changed > max(newcomers, left) {
		t.Fatalf("%d places changed where %d came and %d left", changed, newcomers, left)
	}
}
