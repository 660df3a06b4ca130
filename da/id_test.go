package da

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

func parseHex(s string) ([]byte, error) { return hex.DecodeString(s) }

func commitmentOf(s string) kzg.Commitment { return kzg.Commitment(must(parseHex(s))) }

// infinity and generator are encodings of points that everybody knows.
var (
	infinity  = commitmentOf("c0" + strings.Repeat("00", 47))
	generator = commitmentOf("97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb")
)

func TestKeccak256(t *testing.T) {
	const want = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470" // of nothing
	if got := Keccak256(nil); hex.EncodeToString(got[:]) != want {
		t.Errorf("have %x, want %s", got, want)
	}
}

func TestVersionedHash(t *testing.T) {
	const want = "010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014" // of the empty blob, as on Ethereum
	if got := VersionedHash(infinity); hex.EncodeToString(got[:]) != want {
		t.Errorf("have %x, want %s", got, want)
	}
}

// The ids were computed by an implementation in another language that shares no code.
func TestComputeBlobID(t *testing.T) {
	keccak := Keccak256([]byte("ashlar"))
	for _, test := range []struct {
		commitments []kzg.Commitment
		size        uint64
		encoding    Encoding
		want        string
	}{
		{[]kzg.Commitment{infinity}, 6, EncodingData, "169f7ba30c27083c98bf300153f2677fdfb2206b0c20c691447a2fdfa7d96af4"},
		{[]kzg.Commitment{generator, infinity}, 70000, EncodingData, "d3f1fe58240fa2f22d3f999320326201893241eba2e3194296f52160034e680d"},
		{[]kzg.Commitment{generator, infinity}, 70000, EncodingRaw, "2e2c4063aa4ba7efd7a57e1596dc764817908660188359d298e44861f4398fde"},
	} {
		if got := ComputeBlobID(testNamespace(5), test.encoding, keccak, test.commitments, test.size); got.String() != test.want {
			t.Errorf("have %s, want %s", got, test.want)
		}
	}
}

func TestBlobIDDependsOnEverything(t *testing.T) {
	keccak := Keccak256(nil)
	seen := map[BlobID]bool{}
	for _, id := range []BlobID{
		ComputeBlobID(testNamespace(5), EncodingData, keccak, []kzg.Commitment{generator}, 1),
		ComputeBlobID(testNamespace(5), EncodingRaw, keccak, []kzg.Commitment{generator}, 1),
		ComputeBlobID(testNamespace(6), EncodingData, keccak, []kzg.Commitment{generator}, 1),
		ComputeBlobID(testNamespace(5), EncodingData, [HashSize]byte{}, []kzg.Commitment{generator}, 1),
		ComputeBlobID(testNamespace(5), EncodingData, keccak, []kzg.Commitment{infinity}, 1),
		ComputeBlobID(testNamespace(5), EncodingData, keccak, []kzg.Commitment{generator, generator}, 1),
		ComputeBlobID(testNamespace(5), EncodingData, keccak, []kzg.Commitment{generator}, 2),
	} {
		if seen[id] {
			t.Errorf("%s twice", id)
		}
		seen[id] = true
	}
}

func TestParseBlobID(t *testing.T) {
	want := BlobID(Keccak256(nil))
	if got, err := ParseBlobID(want.String()); err != nil || got != want {
		t.Errorf("have %s, %v", got, err)
	}
	for _, s := range []string{"", want.String()[1:], want.String() + "0", strings.Repeat("z", 64)} {
		if _, err := ParseBlobID(s); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: have %v, want ErrMalformed", s, err)
		}
	}
}
