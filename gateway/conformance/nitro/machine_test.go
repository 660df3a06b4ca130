package nitro

import (
	"encoding/binary"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

// Opcodes of Nitro's machine, and the kind of preimage that a certificate names, which is their argument or operand.
const (
	opValidateCertificate = 0x8019
	opReadPreimage        = 0x8020
	certificatePreimage   = 3
)

// machine is one of Nitro's about to do a step, as far as that step sees: one module with one function of one instruction, whose
// operands are on the stack and are about a leaf of memory. What else a machine has are hashes that the step does not open.
// Its hash and its bytes in a proof are as nitro-contracts v3.2.0 has them, src/state.
type machine struct {
	opcode   uint16
	argument byte
	stack    []uint32 // the top is last
	pc       uint32
	leaf     common.Hash // of the memory, the third of four
}

// pointer is where the leaf is in memory.
const pointer = 2 * 32

// reading is a machine that reads 32 bytes of the batch with this certificate.
func reading(certificate []byte, offset uint64) machine {
	return machine{opcode: opReadPreimage, argument: certificatePreimage, stack: []uint32{77, pointer, uint32(offset)}, leaf: crypto.Keccak256Hash(certificate)}
}

// read is the machine once it has read: the bytes are where the hash was, and how many they are is on the stack.
func (m machine) read(chunk []byte) machine {
	copy(m.leaf[:], chunk)
	return m.pushed(uint32(len(chunk)))
}

// judging is a machine that asks whether this certificate is valid.
func judging(certificate []byte) machine {
	return machine{opcode: opValidateCertificate, stack: []uint32{77, pointer, certificatePreimage}, leaf: crypto.Keccak256Hash(certificate)}
}

// judged is the machine once it knows.
func (m machine) judged(valid bool) machine {
	if valid {
		return m.pushed(1)
	}
	return m.pushed(0)
}

// pushed is the machine behind the step, whose two operands have become a result.
func (m machine) pushed(result uint32) machine {
	m.stack = append(m.stack[:len(m.stack)-2:len(m.stack)-2], result)
	m.pc++
	return m
}

// noHash is in the place of what a machine does not have: another thread, somewhere to recover.
func noHash() common.Hash {
	var all common.Hash
	for i := range all {
		all[i] = 0xff
	}
	return all
}

// below are the parts of the machine that no step here opens.
func below(what string) common.Hash { return crypto.Keccak256Hash([]byte(what)) }

func hashOf(parts ...any) common.Hash {
	var all []byte
	for _, part := range parts {
		all = appendPart(all, part)
	}
	return crypto.Keccak256Hash(all)
}

// appendPart appends text, hashes, bytes, and numbers as big-endian.
func appendPart(to []byte, part any) []byte {
	switch p := part.(type) {
	case string:
		return append(to, p...)
	case []byte:
		return append(to, p...)
	case common.Hash:
		return append(to, p[:]...)
	case byte:
		return append(to, p)
	case uint16:
		return binary.BigEndian.AppendUint16(to, p)
	case uint32:
		return binary.BigEndian.AppendUint32(to, p)
	case uint64:
		return binary.BigEndian.AppendUint64(to, p)
	}
	panic("a part of no such kind")
}

// value is a number of 32 bits as machines have them on the stack: the kind, and 256 bits.
func value(n uint32) []byte {
	return append(make([]byte, 29), binary.BigEndian.AppendUint32(nil, n)...)
}

func (m machine) stackHash() common.Hash {
	hash := below("values")
	for _, n := range m.stack {
		hash = hashOf("Value stack:", hashOf("Value:", value(n)), hash)
	}
	return hash
}

// beside are the counterparts of the leaf, from the leaf up.
func beside() []common.Hash { return []common.Hash{below("the fourth leaf"), below("the first two")} }

func (m machine) memoryRoot() common.Hash {
	path := beside()
	lower := hashOf("Memory merkle tree:", hashOf("Memory leaf:", m.leaf), path[0])
	return hashOf("Memory merkle tree:", path[1], lower)
}

const memorySize, memoryMost = uint64(4 * 32), uint64(8)

// instructions are the code of the function, as many as a byte says, each with its argument of 256 bits.
func (m machine) instructions() []byte {
	code := binary.BigEndian.AppendUint16([]byte{1}, m.opcode)
	return append(append(code, make([]byte, 31)...), m.argument)
}

func (m machine) functionsRoot() common.Hash {
	return hashOf("Function:", hashOf("Instructions:", m.instructions()))
}

// modulesRoot is the module's hash, as it is the only one.
func (m machine) modulesRoot() common.Hash {
	memory := hashOf("Memory:", memorySize, memoryMost, m.memoryRoot())
	return hashOf("Module:", below("globals"), memory, below("tables"), m.functionsRoot(), below("extra"), uint32(9))
}

func (m machine) hash() common.Hash {
	values := hashOf("multistack:", m.stackHash(), noHash(), common.Hash{})
	frames := hashOf("multistack:", below("frames"), noHash(), common.Hash{})
	return hashOf("Machine running:", values, below("internals"), frames, below("global state"),
		uint32(0), uint32(0), m.pc, noHash(), m.modulesRoot())
}

// proof is the machine, its module and its code, and the leaf of memory, and then what is particular to the step.
func (m machine) proof(particular []byte) []byte {
	proof := append([]byte{0}, below("values").Bytes()...) // it runs
	proof = append(proof, common.BigToHash(common.Big0).Bytes()...)
	proof[len(proof)-1] = byte(len(m.stack))
	for _, n := range m.stack {
		proof = append(proof, value(n)...)
	}
	for _, part := range []any{
		noHash(),
		common.Hash{}, // no other values
		below("internals"),
		common.Hash{},            // none of them opened
		below("frames"), byte(0), // none opened
		noHash(),
		common.Hash{}, // no other frames
		below("global state"), uint32(0), uint32(0), m.pc, noHash(), m.modulesRoot(),
		below("globals"), memorySize, memoryMost, m.memoryRoot(), below("tables"), m.functionsRoot(), below("extra"), uint32(9),
		byte(0), // the module is the only one
		m.instructions(), byte(0), byte(0),
		m.leaf, byte(2), beside()[0], beside()[1],
		particular,
	} {
		proof = appendPart(proof, part)
	}
	return proof
}
