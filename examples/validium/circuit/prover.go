package circuit

import (
	"fmt"
	"io"
	"math/big"
	"time"

	"github.com/consensys/gnark-crypto/ecc"
	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	"github.com/consensys/gnark/backend/groth16"
	groth16bls "github.com/consensys/gnark/backend/groth16/bls12-381"
	"github.com/consensys/gnark/backend/witness"
	"github.com/consensys/gnark/constraint"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs/r1cs"
)

// Prover has what it takes to prove one circuit: Groth16 over BLS12-381.
//
// The keys are of a DEVELOPMENT setup: one process drew the randomness that nobody may know, and whoever
// ran it could have kept it and prove anything. What is worth money needs a ceremony.
type Prover struct {
	constraints constraint.ConstraintSystem
	proving     groth16.ProvingKey
	verifying   *groth16bls.VerifyingKey
}

// draw makes new keys.
func (p *Prover) draw() error {
	proving, verifying, err := groth16.Setup(p.constraints)
	if err != nil {
		return fmt.Errorf("draw keys: %w", err)
	}
	p.proving, p.verifying = proving, verifying.(*groth16bls.VerifyingKey)
	return p.check()
}

func compile(c frontend.Circuit) (*Prover, error) {
	constraints, err := frontend.Compile(ecc.BLS12_381.ScalarField(), r1cs.NewBuilder, c)
	if err != nil {
		return nil, fmt.Errorf("compile the circuit: %w", err)
	}
	return &Prover{constraints: constraints}, nil
}

// check refuses what the contract's verifier does not know: commitments inside of the proof.
func (p *Prover) check() error {
	if n := len(p.verifying.CommitmentKeys); n != 0 {
		return fmt.Errorf("the circuit makes %d commitments, which the contract does not verify", n)
	}
	return nil
}

// Constraints is how many constraints the circuit has.
func (p *Prover) Constraints() int { return p.constraints.GetNbConstraints() }

// writeTo writes the keys, uncompressed. They are large.
func (p *Prover) writeTo(w io.Writer) (int64, error) {
	n, err := p.verifying.WriteRawTo(w)
	if err != nil {
		return n, fmt.Errorf("verifying key: %w", err)
	}
	m, err := p.proving.WriteRawTo(w)
	if err != nil {
		err = fmt.Errorf("proving key: %w", err)
	}
	return n + m, err
}

// read reads keys that writeTo wrote. They are not checked: one reads what one wrote.
func (p *Prover) read(r io.Reader) error {
	proving, verifying := groth16.NewProvingKey(ecc.BLS12_381), new(groth16bls.VerifyingKey)
	if _, err := verifying.UnsafeReadFrom(r); err != nil {
		return fmt.Errorf("verifying key: %w", err)
	}
	if _, err := proving.UnsafeReadFrom(r); err != nil {
		return fmt.Errorf("proving key: %w", err)
	}
	p.proving, p.verifying = proving, verifying
	return p.check()
}

// Proof is a proof as the contract takes it, A ‖ B ‖ C as EIP-2537 writes points, and its public inputs.
type Proof struct {
	Points []byte
	Inputs []*big.Int
	Took   time.Duration
}

// Prove proves a witness, and verifies the proof. It fails if the witness does not satisfy the circuit.
func (p *Prover) Prove(assignment frontend.Circuit) (*Proof, error) {
	witness, err := frontend.NewWitness(assignment, ecc.BLS12_381.ScalarField())
	if err != nil {
		return nil, fmt.Errorf("witness: %w", err)
	}
	start := time.Now()
	proof, err := groth16.Prove(p.constraints, p.proving, witness)
	if err != nil {
		return nil, fmt.Errorf("prove: %w", err)
	}
	took := time.Since(start)
	public, err := witness.Public()
	if err != nil {
		return nil, fmt.Errorf("witness: %w", err)
	}
	if err := groth16.Verify(proof, p.verifying, public); err != nil {
		return nil, fmt.Errorf("verify what was proven: %w", err)
	}
	points := proof.(*groth16bls.Proof)
	inputs, err := bigs(public)
	return &Proof{Points: encode(nil, []bls12381.G1Affine{points.Ar}, []bls12381.G2Affine{points.Bs}, []bls12381.G1Affine{points.Krs}), Inputs: inputs, Took: took}, err
}

// VerifyingKey is the key as the contract takes it: α, −β, −γ, −δ, and a point for one and for each
// public input.
func (p *Prover) VerifyingKey() []byte {
	v := p.verifying
	negated := []bls12381.G2Affine{v.G2.Beta, v.G2.Gamma, v.G2.Delta}
	for i := range negated {
		negated[i].Neg(&negated[i])
	}
	return encode(nil, []bls12381.G1Affine{v.G1.Alpha}, negated, v.G1.K)
}

// encode appends points as EIP-2537 writes them: 64 bytes for each coordinate.
func encode(out []byte, first []bls12381.G1Affine, second []bls12381.G2Affine, third []bls12381.G1Affine) []byte {
	coordinate := func(e *fp.Element) {
		b := e.Bytes()
		out = append(append(out, make([]byte, 16)...), b[:]...)
	}
	for _, p := range first {
		coordinate(&p.X)
		coordinate(&p.Y)
	}
	for _, p := range second {
		for _, e := range []*fp.Element{&p.X.A0, &p.X.A1, &p.Y.A0, &p.Y.A1} {
			coordinate(e)
		}
	}
	for _, p := range third {
		coordinate(&p.X)
		coordinate(&p.Y)
	}
	return out
}

func bigs(public witness.Witness) ([]*big.Int, error) {
	vector, ok := public.Vector().(fr.Vector)
	if !ok {
		return nil, fmt.Errorf("public inputs are %T", public.Vector())
	}
	out := make([]*big.Int, len(vector))
	for i := range vector {
		out[i] = vector[i].BigInt(new(big.Int))
	}
	return out, nil
}
