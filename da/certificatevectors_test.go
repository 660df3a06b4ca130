package da

import "testing"

// attesterVector is one of a set.
type attesterVector struct {
	Secret     hexBytes `json:"secret"`
	Key        hexBytes `json:"key"`
	Possession hexBytes `json:"possession"`
	Operator   hexBytes `json:"operator"`
	Power      uint64   `json:"power"`
}

type historyVector struct {
	Height uint64     `json:"height"`
	Leaf   hexBytes   `json:"leaf"`
	Newest uint64     `json:"newest"`
	Root   hexBytes   `json:"root"`
	Path   []hexBytes `json:"path"`
	Right  hexBytes   `json:"right"`
	Left   []hexBytes `json:"left"`
}

type certificateVectors struct {
	Epoch       uint64           `json:"epoch"`
	Total       uint64           `json:"total"`
	Attesters   []attesterVector `json:"attesters"`
	SetHash     hexBytes         `json:"set_hash"`
	History     historyVector    `json:"history"`
	Digest      hexBytes         `json:"attestation_digest"`
	First       hexBytes         `json:"signature_of_attester_0"`
	Certificate hexBytes         `json:"certificate"`
	NextHash    hexBytes         `json:"next_set_hash"`
	Rotation    hexBytes         `json:"rotation_digest"`
	Handover    hexBytes         `json:"rotation_signature"`
}

// TestCertificateVectors: a set of four, all of whom sign but the second, and a next set without the first.
func TestCertificateVectors(t *testing.T) {
	set, secrets := attesters(t, 4)
	set.Total = 40
	history, leaves := historyOf(13)
	proof, err := ProveHistory(leaves, 10)
	if err != nil {
		t.Fatal(err)
	}
	cert := certify(t, set, secrets, 0, 2, 3)
	first, err := secrets[0].Attest(cert.Digest())
	if err != nil {
		t.Fatal(err)
	}
	next := &AttesterSet{Epoch: set.Epoch + 1, Attesters: set.Attesters[1:], Total: 40}
	nextHash, err := next.Hash()
	if err != nil {
		t.Fatal(err)
	}
	rotation := Rotation{ChainID: cert.ChainID, Epoch: set.Epoch, SetHash: cert.SetHash, NextHash: nextHash, Time: cert.Time}
	handover := signAll(t, secrets, rotation.Digest(), new(Signers), 0, 2, 3)
	v := certificateVectors{
		Epoch: set.Epoch, Total: set.Total, SetHash: hexOf(cert.SetHash), Digest: hexOf(cert.Digest()), First: first[:], Certificate: cert.Encode(),
		NextHash: hexOf(nextHash), Rotation: hexOf(rotation.Digest()), Handover: handover[:],
		History: historyVector{
			Height: 10, Leaf: hexOf(leaves[9]), Newest: history.Height, Root: hexOf(history.Root()),
			Path: hashesHex(proof.Path), Right: hexOf(proof.Right), Left: hashesHex(proof.Left),
		},
	}
	for i := range set.Attesters {
		v.Attesters = append(v.Attesters, newAttesterVector(t, &set.Attesters[i], secrets[i]))
	}
	golden(t, "certificates.json", v)
}

func newAttesterVector(t *testing.T, a *Attester, secret *AttestationSecret) attesterVector {
	t.Helper()
	possession, err := secret.Prove(a.Operator)
	if err != nil {
		t.Fatal(err)
	}
	encoded := secret.Bytes()
	return attesterVector{encoded[:], a.Key[:], possession[:], a.Operator[:], a.Power}
}

func hashesHex(hashes [][HashSize]byte) (list []hexBytes) {
	for i := range hashes {
		list = append(list, hashes[i][:])
	}
	return list
}
