// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// What the attesters of a chain sign of a height: that they durably hold its data, and that of the heights before, as many as
/// the chain's window says. da/SPEC.md §12; chain id and set hash, which are signed too, the client knows itself.
struct Attestation {
    uint64 epoch;
    uint64 height;
    /// The block's, in seconds since 1970.
    uint64 time;
    bytes32 headerHash;
    bytes32 dataRoot;
    bytes32 blobTreeRoot;
    /// Of all heights up to this one.
    bytes32 historyRoot;
}

/// The set that takes over from the current one, as what differs from it.
struct NextSet {
    /// When the chain took the set, in seconds since 1970.
    uint64 time;
    /// The voting power of all validators, of those who do not attest too.
    uint64 total;
    /// Keccak-256 of the operators, 20 bytes each.
    bytes32 operatorsHash;
    /// The hash of the whole set, da/SPEC.md §12.
    bytes32 setHash;
    /// Of all attesters in the set's order, 8 bytes each, big-endian: as many as the set has.
    bytes powers;
    /// 97 bytes for each attester whose key differs from that of the same place in the current set (or in `base`), or who
    /// stands where there was none: the place, and the key as x ‖ y, 48 bytes each.
    bytes changes;
    /// A contract made by `stage` with keys to start from, or zero for those of the current set.
    address base;
}

/// Follows the attester sets of one chain and checks what they sign. It has no owner and cannot be upgraded; whoever relays
/// to it is not trusted. A signature is a point of G2 as EIP-2537 writes it, 256 bytes; `signers` has bit i set if the i-th
/// attester of the set signed. Every refusal is an error below.
interface IAshlarLightClient {
    /// The history of a height was attested, and is now remembered.
    event Attested(bytes32 indexed historyRoot, uint64 indexed height, uint64 time);
    /// The set of an epoch took over.
    event Rotated(uint64 indexed epoch, bytes32 setHash, uint64 time);
    /// Keys are ready for a rotation to start from.
    event Staged(address base);

    /// No rotation came within the trusting period: nothing is accepted any more, ever.
    error Expired(uint64 setTime);
    /// The attestation is of an epoch whose set is not (or no longer) known.
    error WrongEpoch(uint64 epoch, uint64 current);
    /// The set of the epoch before the current one is older than the trusting period.
    error SetTooOld(uint64 setTime);
    /// The block is older than MAX_AGE.
    error TooOld(uint64 time);
    /// The height has more than 36 bits.
    error TooHigh(uint64 height);
    /// The time is more than MAX_AHEAD beyond this chain's.
    error FromTheFuture(uint64 time);
    /// Signers are named whom the set does not have.
    error UnknownSigners(uint256 unknown);
    /// Not more than two thirds of the total power signed.
    error NoQuorum(uint256 signed, uint256 total);
    /// A signature is 256 bytes.
    error SignatureLength(uint256 length);
    /// The signature, or the sum of the signers' keys, is the point at infinity.
    error Infinity();
    /// The signature is no point of the curve's subgroup, or not in its one encoding.
    error NotInSubgroup();
    /// The signature is a point, but not the signers' of this.
    error WrongSignature();

    /// A set has 1 to 256 attesters, each with a power; together they have at most the total.
    error BadPowers();
    /// Keys are 96 bytes each, changes 97, of places within the set; at most 256 of them.
    error BadKeys();
    /// A key is no point of the curve's subgroup, or infinity.
    error BadKey();
    /// The set that results is not the one named.
    error WrongSetHash(bytes32 computed);
    /// The next set was taken before the current one.
    error TimeReversed(uint64 time);
    /// The address is no contract made by `stage`.
    error UnknownBase(address base);
    /// More keys differ from the base than fit beside the powers: call `stage` first.
    error TooManyChanges();
    /// The chain id is empty, or a bound is zero.
    error BadParameters();

    /// Verifies, and remembers the history root, until it is MAX_AGE old at least; a younger one may take its place then. A root
    /// that is remembered with this height and time is not verified again: who needs the other roots verified calls `verify`.
    function attest(Attestation calldata a, uint256 signers, bytes calldata signature) external;

    /// Verifies, and remembers nothing.
    function verify(Attestation calldata a, uint256 signers, bytes calldata signature) external view;

    /// Takes the set of the next epoch, which the current set signed.
    function rotate(NextSet calldata next, uint256 signers, bytes calldata signature) external;

    /// Puts keys, 96 bytes each, into a contract for rotations to start from. Keys that are there already stay.
    function stage(bytes calldata keys) external returns (address base);

    /// Height and time of a history root, or zeros if it was never attested, or is older than MAX_AGE and forgotten. How old it
    /// may be is the caller's to say.
    function attested(bytes32 historyRoot) external view returns (uint64 height, uint64 time);

    /// Tells whether the trusting period has passed since the current set was taken.
    function expired() external view returns (bool);

    /// Keccak-256 of the chain's id.
    function CHAIN() external view returns (bytes32);

    /// How old, in seconds, an attestation may be to be accepted. Below the chain's window, or data may be gone.
    function MAX_AGE() external view returns (uint64);

    /// How far ahead of this chain's time, in seconds, a block may be.
    function MAX_AHEAD() external view returns (uint64);

    /// How old, in seconds, a set may be. Below the chain's unbonding period, or its signatures cost nothing.
    function TRUSTING_PERIOD() external view returns (uint64);

    function epoch() external view returns (uint64);

    function setHash() external view returns (bytes32);

    /// When the current set was taken.
    function setTime() external view returns (uint64);

    /// The voting power of all validators.
    function total() external view returns (uint64);

    /// The current set's powers, 8 bytes each, and keys, 96 bytes each.
    function attesters() external view returns (bytes memory powers, bytes memory keys);
}
