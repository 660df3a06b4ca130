package api

import (
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// hexes shows a list of fixed-size values.
func hexes[T ~[48]byte](values []T) []Hex {
	out := make([]Hex, len(values))
	for i := range values {
		out[i] = Hex(values[i][:])
	}
	return out
}

func hexSlices(values [][]byte) []Hex {
	out := make([]Hex, len(values))
	for i := range values {
		out[i] = Hex(values[i])
	}
	return out
}

func hashes(values [][da.HashSize]byte) []Hex {
	out := make([]Hex, len(values))
	for i := range values {
		out[i] = Hex(values[i][:])
	}
	return out
}

func versionedHashes(commitments []kzg.Commitment) []Hex {
	out := make([]Hex, len(commitments))
	for i, c := range commitments {
		h := da.VersionedHash(c)
		out[i] = Hex(h[:])
	}
	return out
}

func showInfo(info *da.BlobInfo) BlobSummary {
	return BlobSummary{
		ID: info.ID(), Namespace: info.Namespace, Encoding: info.Encoding, Size: info.Size,
		Keccak256: Hex(info.Keccak256[:]), Commitments: hexes(info.Commitments), VersionedHashes: versionedHashes(info.Commitments),
	}
}

func showEntry(e *da.Entry) Entry {
	info := e.Info()
	return Entry{
		BlobSummary: showInfo(&info), Signer: da.FormatAddress(e.Signer), FirstCell: e.FirstCell,
		Cells: e.Cells, Transaction: e.Transaction, Encoded: e.Encode(),
	}
}

func showHeaderProof(p da.HeaderProof) HeaderProof {
	return HeaderProof{Header: p.Header, Total: p.Total, Aunts: hexSlices(p.Aunts)}
}

func showDAHeader(h *da.Header) DAHeader {
	return DAHeader{
		Version: h.Version, K: h.K(), TxRows: h.TxRows, SharedRows: h.SharedRows, Commitments: hexes(h.Commitments),
		IndexRoot: Hex(h.IndexRoot[:]), BlobTreeRoot: Hex(h.BlobTreeRoot[:]),
	}
}

func showNamespaceProof(p *da.NamespaceProof) NamespaceProof {
	return NamespaceProof{Start: p.Start, End: p.End, Nodes: hexSlices(p.Nodes), LeafHash: p.LeafHash}
}

func dataRoot(h *da.Header) Hex {
	root := h.DataRoot()
	return Hex(root[:])
}
