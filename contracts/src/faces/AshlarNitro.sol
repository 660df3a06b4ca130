// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {AshlarHistory} from "../AshlarHistory.sol";
import {Attestation, IAshlarLightClient} from "../IAshlarLightClient.sol";
import {KZGOpenings} from "../KZGOpenings.sol";
import {ICustomDAProofValidator} from "./ICustomDAProofValidator.sol";

/// @title What Arbitrum Nitro proves about batches on Ashlar, in one step
/// @notice A certificate names a height, a blob id, the height's data root and blob tree root, and has the path from the id to the
/// latter. It is valid if and only if it has the one form, the path leads there, and the chain's block of that height has those two
/// roots. So it is either, for ever, and what proves one cannot prove the other: the prover brings the roots that the height
/// *has*, proven in an attested history, and they are the certificate's or they are not. Who brings less gets a revert, not
/// a verdict. Nothing here depends on ages or windows, by which a certificate could be valid one day and not the next: they
/// bound how long data is promised to be held, not what a block had in it.
///
/// Nodes prove heights for as long as the chain's window is, and a challenge may take longer. Whoever calls `settle` in
/// time has the verdict kept for good.
contract AshlarNitro is ICustomDAProofValidator {
    enum Verdict {
        None,
        Valid,
        Invalid
    }

    /// The light client whose history roots count.
    IAshlarLightClient public immutable CLIENT;
    /// What was settled, by Keccak-256 of the certificate.
    mapping(bytes32 certificateHash => Verdict) public settled;

    /// First byte of every certificate of Nitro's, and second of every one of Ashlar's.
    bytes1 private constant HEADER = 0x01;
    bytes1 private constant PROVIDER = 0x61;
    /// A certificate: header, provider, height (8), blob id, data root, blob tree root, length of the path, path.
    uint256 private constant CERTIFICATE = 107;
    /// A square has no more than 2^14 cells.
    uint256 private constant MAX_PATH = 14;
    /// Light clients know heights of 36 bits.
    uint256 private constant HEIGHT_BITS = 36;
    /// The evidence about a certificate: epoch, height and time of an attestation (8 each), its header hash, data root, blob tree root
    /// and history root, its signers, its signature (256); the data root and blob tree root of the certificate's height; its history.
    uint256 private constant EVIDENCE = 24 + 4 * 32 + 32 + 256 + 2 * 32;
    /// What a blob id is the hash of: namespace (29), encoding (1), Keccak-256, size (8), number of rows (1), their versioned hashes.
    uint256 private constant PREIMAGE = 71;
    /// An opening: the scalar, the row's commitment, the proof.
    uint256 private constant OPENING = 32 + 2 * 48;

    /// A certificate was settled.
    event Settled(bytes32 indexed certificateHash, bool valid);

    error NoLightClient(address client);
    error ProofTooShort(uint256 length, uint256 least);
    error WrongProofLength(uint256 length, uint256 expected);
    /// The proof is about another certificate.
    error WrongCertificate(bytes32 certHash, bytes32 computed);
    /// The certificate has not the one form, or its path leads elsewhere: it is not valid, and nothing is read from it.
    error MalformedCertificate(bytes32 certHash);
    /// The proof has no evidence, and nobody has settled the certificate.
    error NotSettled(bytes32 certHash);
    /// The blob id is the hash of something else: namespace, encoding, Keccak-256, size or versioned hashes are another's.
    error WrongPreimage(bytes32 blobId, bytes32 computed);

    constructor(IAshlarLightClient client) {
        if (address(client).code.length == 0) revert NoLightClient(address(client));
        CLIENT = client;
    }

    /// @inheritdoc ICustomDAProofValidator
    /// @dev Behind the certificate: the preimage of the blob id, and an opening of each scalar that has bytes of the answer, one or
    /// two. Behind the end of the batch there are none, and the answer is empty, as of the kinds of preimage that Nitro has itself.
    function validateReadPreimage(bytes32 certHash, uint256 offset, bytes calldata proof) external view returns (bytes memory preimageChunk) {
        (bytes calldata certificate, bytes calldata rest) = _split(proof);
        bytes32 computed = keccak256(certificate);
        if (computed != certHash) revert WrongCertificate(certHash, computed);
        if (!_wellFormed(certificate)) revert MalformedCertificate(certHash);
        return _read(bytes32(certificate[10:42]), offset, rest);
    }

    /// @inheritdoc ICustomDAProofValidator
    /// @dev What the prover claims is not looked at: Nitro compares it with the answer. Behind it is the evidence, or nothing if the
    /// certificate is settled. A malformed certificate needs neither.
    function validateCertificate(bytes calldata proof) external view returns (bool isValid) {
        (bytes calldata certificate, bytes calldata rest) = _split(proof);
        (isValid,) = _judge(certificate, rest);
    }

    /// Has the verdict on a certificate kept. Anybody may call it.
    /// @param validityProof what a gateway answers to daprovider_generateCertificateValidityProof: the claim, and the evidence
    function settle(bytes calldata certificate, bytes calldata validityProof) external {
        (bool valid, bool known) = _judge(certificate, validityProof);
        if (known) return;
        bytes32 hash = keccak256(certificate);
        settled[hash] = valid ? Verdict.Valid : Verdict.Invalid;
        emit Settled(hash, valid);
    }

    /// Whether a certificate is valid, and whether that was known without evidence.
    function _judge(bytes calldata certificate, bytes calldata validityProof) private view returns (bool valid, bool known) {
        if (validityProof.length < 1) revert ProofTooShort(0, 1);
        if (!_wellFormed(certificate)) return (false, true);
        bytes32 hash = keccak256(certificate);
        Verdict verdict = settled[hash];
        if (verdict != Verdict.None) return (verdict == Verdict.Valid, true);
        if (validityProof.length == 1) revert NotSettled(hash);
        (bytes32 dataRoot, bytes32 blobTreeRoot) = _rootsAt(uint64(bytes8(certificate[2:10])), validityProof[1:]);
        return (bytes32(certificate[42:74]) == dataRoot && bytes32(certificate[74:106]) == blobTreeRoot, false);
    }

    /// The data root and the blob tree root that a height has. Reverts unless the evidence proves them.
    function _rootsAt(uint64 height, bytes calldata evidence) private view returns (bytes32 dataRoot, bytes32 blobTreeRoot) {
        if (evidence.length < EVIDENCE) revert ProofTooShort(evidence.length, EVIDENCE);
        bytes32[] calldata history = _words(evidence[EVIDENCE:]);
        if (evidence.length != EVIDENCE + 32 * history.length) revert WrongProofLength(evidence.length, EVIDENCE + 32 * history.length);
        (dataRoot, blobTreeRoot) = (bytes32(evidence[440:472]), bytes32(evidence[472:504]));
        bytes32 root = bytes32(evidence[120:152]);
        AshlarHistory.verify(root, _newest(root, evidence), height, AshlarHistory.leaf(height, dataRoot, blobTreeRoot), history);
    }

    /// The last height of an attested history. That the light client remembers it is enough, however long ago it verified it.
    function _newest(bytes32 historyRoot, bytes calldata evidence) private view returns (uint64 newest) {
        (newest,) = CLIENT.attested(historyRoot);
        if (newest != 0) return newest;
        Attestation memory a = Attestation({
            epoch: uint64(bytes8(evidence[:8])),
            height: uint64(bytes8(evidence[8:16])),
            time: uint64(bytes8(evidence[16:24])),
            headerHash: bytes32(evidence[24:56]),
            dataRoot: bytes32(evidence[56:88]),
            blobTreeRoot: bytes32(evidence[88:120]),
            historyRoot: historyRoot
        });
        CLIENT.verify(a, uint256(bytes32(evidence[152:184])), evidence[184:440]);
        return a.height;
    }

    /// The bytes of a blob from an offset on.
    function _read(bytes32 blobId, uint256 offset, bytes calldata proof) private view returns (bytes memory chunk) {
        (uint256 size, uint256 width, bytes32[] calldata rows, bytes calldata openings) = _preimage(blobId, proof);
        if (offset >= size) {
            if (openings.length != 0) revert WrongProofLength(proof.length, proof.length - openings.length);
            return chunk;
        }
        uint256 length = size - offset < 32 ? size - offset : 32;
        uint256 first = offset / width;
        uint256 last = (offset + length - 1) / width;
        uint256 expected = OPENING * (last + 1 - first);
        if (openings.length != expected) revert WrongProofLength(proof.length, proof.length - openings.length + expected);
        uint256 skipped = offset % width;
        uint256 word = _scalar(rows, first, width, openings) << (8 * skipped);
        if (last > first) word |= _scalar(rows, last, width, openings[OPENING:]) >> (8 * (width - skipped));
        chunk = new bytes(length);
        word &= type(uint256).max << (256 - 8 * length);
        assembly ("memory-safe") {
            mstore(add(chunk, 32), word)
        }
    }

    /// The bytes of a scalar, which the first of the openings proves, at the front of a word.
    function _scalar(bytes32[] calldata rows, uint256 index, uint256 width, bytes calldata openings) private view returns (uint256) {
        uint256 value = uint256(bytes32(openings[:32]));
        KZGOpenings.element(rows[index / KZGOpenings.ROW], index % KZGOpenings.ROW, value, openings[32:OPENING]);
        return value << (8 * (32 - width));
    }

    /// What a blob id is the hash of, and what follows it in a proof. Width is how many bytes of the blob a scalar holds, by its encoding.
    function _preimage(bytes32 blobId, bytes calldata proof)
        private
        pure
        returns (uint256 size, uint256 width, bytes32[] calldata rows, bytes calldata openings)
    {
        if (proof.length < PREIMAGE) revert ProofTooShort(proof.length, PREIMAGE);
        uint256 end = PREIMAGE + 32 * uint256(uint8(proof[70]));
        if (proof.length < end) revert ProofTooShort(proof.length, end);
        uint8 encoding = uint8(proof[29]);
        (size, rows, openings) = (uint64(bytes8(proof[62:70])), _words(proof[PREIMAGE:end]), proof[end:]);
        bytes32 hashes = keccak256(proof[PREIMAGE:end]);
        bytes32 computed = keccak256(abi.encode(uint8(1), bytes29(proof[:29]), encoding, bytes32(proof[30:62]), hashes, size));
        if (computed != blobId) revert WrongPreimage(blobId, computed);
        width = encoding == 0 ? 31 : 32;
    }

    /// The certificate that a proof begins with, and what follows it.
    function _split(bytes calldata proof) private pure returns (bytes calldata certificate, bytes calldata rest) {
        if (proof.length < 8) revert ProofTooShort(proof.length, 8);
        uint256 end = 8 + uint256(uint64(bytes8(proof[:8])));
        if (proof.length < end) revert ProofTooShort(proof.length, end);
        return (proof[8:end], proof[end:]);
    }

    /// Whether a certificate has the one form and its path leads from the blob id to the blob tree root.
    function _wellFormed(bytes calldata certificate) private pure returns (bool) {
        if (certificate.length < CERTIFICATE || certificate[0] != HEADER || certificate[1] != PROVIDER) return false;
        uint256 height = uint64(bytes8(certificate[2:10]));
        uint256 nodes = uint8(certificate[CERTIFICATE - 1]);
        if (height == 0 || height >> HEIGHT_BITS != 0 || nodes > MAX_PATH || certificate.length != CERTIFICATE + 32 * nodes) return false;
        bytes32 leaf = keccak256(abi.encode(keccak256(certificate[10:42])));
        return MerkleProof.verifyCalldata(_words(certificate[CERTIFICATE:]), bytes32(certificate[74:106]), leaf);
    }

    /// Bytes as words, as many as are whole.
    function _words(bytes calldata packed) private pure returns (bytes32[] calldata words) {
        assembly ("memory-safe") {
            words.offset := packed.offset
            words.length := shr(5, packed.length)
        }
    }
}
