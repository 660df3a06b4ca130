// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.31;

import {Attestation, NextSet, IAshlarLightClient} from "./IAshlarLightClient.sol";
import {HashToG2} from "./HashToG2.sol";
import {Keys} from "./Keys.sol";
import {Head, Sets} from "./Sets.sol";

/// The set that a client is deployed to trust.
struct TrustedSet {
    uint64 epoch;
    /// When the chain took the set, in seconds since 1970.
    uint64 time;
    /// The voting power of all validators.
    uint64 total;
    /// Keccak-256 of the operators, 20 bytes each.
    bytes32 operatorsHash;
    /// The hash of the whole set.
    bytes32 setHash;
    /// 8 bytes for each attester.
    bytes powers;
    /// 96 bytes for each attester, x ‖ y.
    bytes keys;
}

/// The light client of one chain. What is kept of a set lies in the code of two contracts: its keys in a base, which few
/// rotations change, and the rest in a contract that every rotation makes anew, with those keys that the base does not have
/// (Sets.sol). Reading code costs 2,600 gas and 3 a word, reading storage 2,100 a word.
contract AshlarLightClient is IAshlarLightClient {
    bytes32 private constant ATTESTATION = keccak256("ashlar/attestation/1");
    bytes32 private constant ROTATION = keccak256("ashlar/rotation/1");

    /// The generator of G1. Of its negation only y differs.
    uint256 private constant G_X_HIGH = 0x17f1d3a73197d7942695638c4fa9ac0f;
    uint256 private constant G_X_LOW = 0xc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb;
    uint256 private constant G_Y_HIGH = 0x08b3f481e3aaa0f1a09e30ed741d8ae4;
    uint256 private constant G_Y_LOW = 0xfcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1;

    uint64 public constant MAX_AHEAD = 60;

    /// For how many history roots there are places, and how many of these are tried for one.
    uint256 private constant PLACES = 1024;
    uint256 private constant TRIES = 4;

    bytes32 public immutable CHAIN;
    uint64 public immutable MAX_AGE;
    uint64 public immutable TRUSTING_PERIOD;

    /// The code of the current set.
    address private _current;

    /// History roots attested, at the first of four places, from the one that the root's first 10 bits name, that is free or
    /// holds one older than MAX_AGE: writing over what is there costs 17,100 gas less than a new word would, and no
    /// more than this is ever kept. Each is the root's last 186 bits, the height (36) and the time (34). Whoever looks for
    /// a second root for a place needs 2^186 guesses, or, to have the chain attest one of a pair, 2^93.
    uint256[PLACES] private _roots;

    /// Those for which all four places were taken, in the same form.
    mapping(bytes32 historyRoot => uint256) private _others;

    constructor(string memory chainId, uint64 maxAge, uint64 trustingPeriod, TrustedSet memory trusted) {
        if (bytes(chainId).length == 0 || maxAge == 0 || trustingPeriod == 0) revert BadParameters();
        CHAIN = keccak256(bytes(chainId));
        MAX_AGE = maxAge;
        TRUSTING_PERIOD = trustingPeriod;
        if (trusted.time > block.timestamp + MAX_AHEAD) revert FromTheFuture(trusted.time);
        if (block.timestamp > uint256(trusted.time) + trustingPeriod) revert Expired(trusted.time);
        if (trusted.keys.length != trusted.powers.length * 12) revert BadKeys();

        NewSet memory s = _newSet(trusted.powers.length);
        (s.epoch, s.time, s.total) = (trusted.epoch, trusted.time, trusted.total);
        (s.operatorsHash, s.hash) = (trusted.operatorsHash, trusted.setHash);
        bytes memory from = trusted.powers;
        uint256 to = s.powers;
        assembly ("memory-safe") {
            mcopy(to, add(from, 32), mload(from))
        }
        s.keys = _free(Keys.SIZE * s.count);
        (from, to) = (trusted.keys, s.keys);
        assembly ("memory-safe") {
            mcopy(to, add(from, 32), mload(from))
        }
        s.base = Keys.stage(s.keys, Keys.SIZE * s.count);
        s.sum = _free(256);
        Keys.clear(s.sum);
        _add(s.sum, s.keys, Sets.first(s.count));
        Keys.negate(s.sum);
        _check(s);
        _install(s);
    }

    // --- What attesters signed ---

    function attest(Attestation calldata a, uint256 signers, bytes calldata signature) external {
        (bytes32 digest, address code, Head h) = _attestation(a);
        // The time is near this chain's, and 34 bits last until the year 2514.
        uint256 record = uint256(a.historyRoot) << 70 | uint256(a.height) << 34 | a.time;
        (uint256 place, uint256 was) = _placeFor(a.historyRoot);
        if (was == record) return;
        _verify(digest, code, h, signers, signature);
        if (place < PLACES) _roots[place] = record;
        else _others[a.historyRoot] = record;
        emit Attested(a.historyRoot, a.height, a.time);
    }

    /// Returns the place where a root is, or else may be written, and what is there. PLACES stands for none of them.
    function _placeFor(bytes32 root) private view returns (uint256 place, uint256 was) {
        unchecked {
            for (uint256 i = 0; i < TRIES; i++) {
                place = ((uint256(root) >> 246) + i) % PLACES;
                was = _roots[place];
                if (block.timestamp > _timeOf(was) + MAX_AGE || was >> 70 == _kept(root)) return (place, was);
            }
            return (PLACES, _others[root]);
        }
    }

    function _timeOf(uint256 record) private pure returns (uint256) {
        return record & (1 << 34) - 1;
    }

    /// What a record keeps of a root.
    function _kept(bytes32 root) private pure returns (uint256) {
        return uint256(root) & (1 << 186) - 1;
    }

    function verify(Attestation calldata a, uint256 signers, bytes calldata signature) external view {
        (bytes32 digest, address code, Head h) = _attestation(a);
        _verify(digest, code, h, signers, signature);
    }

    function attested(bytes32 historyRoot) external view returns (uint64 height, uint64 time) {
        uint256 record;
        for (uint256 i = 0; i <= TRIES; i++) {
            record = i < TRIES ? _roots[((uint256(historyRoot) >> 246) + i) % PLACES] : _others[historyRoot];
            if (record >> 70 == _kept(historyRoot) && record != 0) return (uint64(record >> 34 & (1 << 36) - 1), uint64(_timeOf(record)));
        }
    }

    /// Returns what is signed of an attestation, and who signs. The set before the current one signs as well, while it is not too
    /// old: whoever relays the last certificates of an epoch need not race with who relays the rotation.
    function _attestation(Attestation calldata a) private view returns (bytes32 digest, address code, Head h) {
        unchecked { // sums of numbers of 64 bits
            if (a.height >> 36 != 0) revert TooHigh(a.height);
            if (a.time > block.timestamp + MAX_AHEAD) revert FromTheFuture(a.time);
            if (block.timestamp > uint256(a.time) + MAX_AGE) revert TooOld(a.time);
            code = _current;
            h = Sets.load(code);
            if (_tooOld(h)) revert Expired(h.time());
            uint64 current = h.epoch();
            if (a.epoch != current) {
                code = h.previous();
                if (code == address(0) || uint256(a.epoch) + 1 != current) revert WrongEpoch(a.epoch, current);
                h = Sets.load(code);
                if (_tooOld(h)) revert SetTooOld(h.time());
            }
        }
        (bytes32 domain, bytes32 chain, bytes32 hash) = (ATTESTATION, CHAIN, h.setHash());
        assembly ("memory-safe") {
            let p := mload(0x40)
            mstore(p, domain)
            mstore(add(p, 32), chain)
            mstore(add(p, 64), calldataload(a))
            mstore(add(p, 96), hash)
            calldatacopy(add(p, 128), add(a, 32), 192) // height, time and the four roots, in the order in which they are signed
            digest := keccak256(p, 320)
        }
    }

    function _tooOld(Head h) private view returns (bool) {
        unchecked {
            return block.timestamp > uint256(h.time()) + TRUSTING_PERIOD;
        }
    }

    /// Refuses unless a signature is of more than two thirds of a set, and of the digest: FastAggregateVerify.
    function _verify(bytes32 digest, address code, Head h, uint256 signers, bytes calldata signature) private view {
        // What the pairing takes: the sum of the keys, 128 bytes, and the digest's point, 256; then the generator and the signature.
        uint256 pairs = _free(768 + HashToG2.SCRATCH);
        bool negated = _sum(code, h, signers, pairs);
        if (signature.length != 256) revert SignatureLength(signature.length);
        bool infinite;
        assembly ("memory-safe") {
            function any128(from) -> any {
                any := or(or(mload(from), mload(add(from, 32))), or(mload(add(from, 64)), mload(add(from, 96))))
            }
            calldatacopy(add(pairs, 512), signature.offset, 256)
            let any := or(any128(add(pairs, 512)), any128(add(pairs, 640)))
            infinite := or(iszero(any), iszero(any128(pairs)))
        }
        if (infinite) revert Infinity();
        unchecked {
            HashToG2.hash(digest, pairs + 128, pairs + 768);
        }
        bool valid;
        bool answered;
        assembly ("memory-safe") {
            // e(key, digest) = e(generator, signature), as a product that is 1: one side is negated. All of the gas goes with the
            // call although a point that is none eats it: an amount written here would be wrong for ever if the price changed.
            let g := add(pairs, 384)
            mstore(g, G_X_HIGH)
            mstore(add(g, 32), G_X_LOW)
            mstore(add(g, 64), G_Y_HIGH)
            mstore(add(g, 96), G_Y_LOW)
        }
        unchecked {
            if (!negated) Keys.negate(pairs + 384);
        }
        assembly ("memory-safe") {
            answered := staticcall(gas(), 0x0f, pairs, 768, 0, 32)
            valid := mload(0)
        }
        if (!answered) revert NotInSubgroup();
        if (!valid) revert WrongSignature();
    }

    /// Writes the sum of the signers' keys to 128 bytes of memory, and works in those that follow. It is negated if it came from
    /// the sum of all keys, which is kept negated so that the keys of those missing are added rather than subtracted. If fewer
    /// signed than are missing, theirs are added up. Refuses if there is no quorum.
    function _sum(address code, Head h, uint256 signers, uint256 to) private view returns (bool negated) {
        uint256 signed = h.power();
        uint256 missing = Sets.first(h.count());
        if (signers & ~missing != 0) revert UnknownSigners(signers & ~missing);
        missing ^= signers;
        negated = missing == 0 || Sets.bits(missing) <= Sets.bits(signers);
        if (negated) {
            h.copySum(to);
            if (missing != 0) signed -= _addUp(code, h, missing, to);
        } else {
            Keys.clear(to);
            signed = _addUp(code, h, signers, to);
        }
        unchecked {
            if (3 * signed <= 2 * uint256(h.total())) revert NoQuorum(signed, h.total());
        }
    }

    /// Adds the keys of some attesters, of whom there is one at least, to a point in memory, and returns their power.
    function _addUp(address code, Head h, uint256 who, uint256 to) private view returns (uint256 power) {
        (uint256 n, uint256 width, address base) = (h.count(), h.width(), h.base());
        uint256 powers = _free(width * n + 32);
        // Copying one key out of code costs what six more cost that are copied with it. Only those of the base are copied alone.
        bool alone = 6 * Sets.bits(who) <= n && who & h.differs() == 0;
        uint256 keys = _free(alone ? Keys.SIZE : Keys.SIZE * n);
        if (!alone) h.copyKeys(code, keys);
        power = _powerOf(code, powers, n, width, who);
        // Behind the sum is room for the key to be added, as EIP-2537 has it: what is before its coordinates stays zero.
        bool ok = true;
        assembly ("memory-safe") {
            mstore(add(to, 128), 0)
            mstore(add(to, 192), 0)
        }
        if (alone) {
            assembly ("memory-safe") {
                for {} who {} {
                    let i := sub(255, clz(who))
                    who := xor(who, shl(i, 1))
                    extcodecopy(base, keys, mul(96, i), 96)
                    mcopy(add(to, 144), keys, 48)
                    mcopy(add(to, 208), add(keys, 48), 48)
                    ok := and(staticcall(gas(), 0x0b, to, 256, to, 128), ok)
                }
            }
        } else {
            assembly ("memory-safe") {
                for {} who {} {
                    let i := sub(255, clz(who))
                    who := xor(who, shl(i, 1))
                    let key := add(keys, mul(96, i))
                    mcopy(add(to, 144), key, 48)
                    mcopy(add(to, 208), add(key, 48), 48)
                    ok := and(staticcall(gas(), 0x0b, to, 256, to, 128), ok)
                }
            }
        }
        assert(ok); // every key was checked before it was kept: gas ran out
    }

    /// Adds up the powers of some attesters, copying all to memory.
    function _powerOf(address code, uint256 powers, uint256 n, uint256 width, uint256 who) private view returns (uint256 power) {
        assembly ("memory-safe") {
            extcodecopy(code, powers, 236, mul(width, n))
            let shift := sub(256, shl(3, width))
            for {} who {} {
                let i := sub(255, clz(who))
                who := xor(who, shl(i, 1))
                power := add(power, shr(shift, mload(add(powers, mul(i, width)))))
            }
        }
    }

    // --- The set that follows ---

    /// A set in memory that is about to be the current one.
    struct NewSet {
        uint256 epoch;
        uint256 time;
        uint256 total;
        bytes32 operatorsHash;
        bytes32 hash;
        uint256 count;
        /// Where in memory the powers are, 8 bytes each, the keys, and the negated sum of these.
        uint256 powers;
        uint256 keys;
        uint256 sum;
        /// Filled by _check: of all attesters together, and how many bytes the largest has.
        uint256 power;
        uint256 width;
        address base;
        address previous;
        uint256 differs;
    }

    function rotate(NextSet calldata next, uint256 signers, bytes calldata signature) external {
        address code = _current;
        Head h = Sets.load(code);
        if (_tooOld(h)) revert Expired(h.time());
        if (next.time > block.timestamp + MAX_AHEAD) revert FromTheFuture(next.time);
        if (next.time < h.time()) revert TimeReversed(next.time);

        NewSet memory s = _newSet(next.powers.length);
        (s.epoch, s.time, s.total) = (uint256(h.epoch()) + 1, next.time, next.total);
        (s.operatorsHash, s.hash, s.previous) = (next.operatorsHash, next.setHash, code);
        (uint256 to, bytes calldata from) = (s.powers, next.powers);
        assembly ("memory-safe") {
            calldatacopy(to, from.offset, from.length)
        }
        _change(s, next, code, h);
        _check(s);
        bytes32 digest = keccak256(abi.encode(ROTATION, CHAIN, h.epoch(), h.setHash(), next.setHash, next.time));
        _verify(digest, code, h, signers, signature);
        _install(s);
    }

    function stage(bytes calldata keys) external returns (address base) {
        uint256 to = _free(32 + keys.length) + 32;
        assembly ("memory-safe") {
            calldatacopy(to, keys.offset, keys.length)
        }
        base = Keys.stage(to, keys.length);
        emit Staged(base);
    }

    /// Reserves memory, with a word before it that is free as well.
    function _free(uint256 size) private pure returns (uint256 ptr) {
        assembly ("memory-safe") {
            ptr := add(mload(0x40), 32)
            mstore(0x40, and(add(add(ptr, size), 31), not(31)))
        }
    }

    function _newSet(uint256 powersSize) private pure returns (NewSet memory s) {
        if (powersSize == 0 || powersSize % 8 != 0 || powersSize / 8 > Keys.MOST) revert BadPowers();
        s.count = powersSize / 8;
        s.powers = _free(powersSize);
    }

    /// Fills in keys, their sum, the base, and what differs from it.
    function _change(NewSet memory s, NextSet calldata next, address code, Head h) private view {
        uint256 changed = _places(next.changes, s.count);
        uint256 had = h.count();
        uint256 most = had > s.count ? had : s.count;
        s.sum = _free(256);
        if (next.base == address(0)) {
            s.base = h.base();
            s.keys = _free(Keys.SIZE * most);
            h.copyKeys(code, s.keys);
            // Everyone whose key may be another, and everyone who joins or leaves at the end, is taken out of the sum with the
            // old key and put into it with the new one.
            uint256 touched = changed | (Sets.first(had) ^ Sets.first(s.count));
            h.copySum(s.sum);
            _add(s.sum, s.keys, touched & Sets.first(had));
            Keys.negate(s.sum);
            _apply(s.keys, next.changes);
            _add(s.sum, s.keys, touched & Sets.first(s.count));
            s.differs = (h.differs() | changed) & Sets.first(s.count);
        } else {
            s.base = next.base;
            s.keys = _staged(next.base, s.count);
            _apply(s.keys, next.changes);
            Keys.clear(s.sum);
            _add(s.sum, s.keys, Sets.first(s.count));
            s.differs = changed;
        }
        Keys.negate(s.sum);
    }

    /// Copies at least so many keys of a base to memory. Refuses what is no base of this contract's making.
    function _staged(address base, uint256 count) private view returns (uint256 keys) {
        uint256 size = base.code.length;
        if (size == 0 || size > Sets.MOST_CODE) revert UnknownBase(base);
        keys = _free(size > Keys.SIZE * count ? size : Keys.SIZE * count);
        assembly ("memory-safe") {
            extcodecopy(base, keys, 0, size)
        }
        if (Keys.place(keys, size) != base) revert UnknownBase(base);
    }

    /// Returns whose keys change. Refuses places outside of the set, and keys that are none.
    function _places(bytes calldata changes, uint256 count) private view returns (uint256 changed) {
        uint256 entries = changes.length / 97;
        if (changes.length % 97 != 0 || entries > Keys.MOST) revert BadKeys();
        for (uint256 ptr = 0; ptr < changes.length; ptr += 97) {
            changed |= 1 << uint8(changes[ptr]);
        }
        if (changed & ~Sets.first(count) != 0) revert BadKeys();
        uint256 keys = _free(changes.length);
        assembly ("memory-safe") {
            calldatacopy(keys, changes.offset, changes.length)
        }
        Keys.check(keys + 1, entries, 97);
    }

    function _apply(uint256 keys, bytes calldata changes) private pure {
        assembly ("memory-safe") {
            let end := add(changes.offset, changes.length)
            for { let ptr := changes.offset } lt(ptr, end) { ptr := add(ptr, 97) } {
                calldatacopy(add(keys, mul(96, byte(0, calldataload(ptr)))), add(ptr, 1), 96)
            }
        }
    }

    /// Adds the keys of some attesters to a point in memory, which has 128 bytes to work in behind it.
    function _add(uint256 sum, uint256 keys, uint256 who) private view {
        while (who != 0) {
            uint256 i;
            assembly ("memory-safe") {
                i := sub(255, clz(who))
                who := xor(who, shl(i, 1))
            }
            Keys.add(sum, keys + Keys.SIZE * i);
        }
    }

    /// Refuses powers that are none, and a set that is not the one named.
    function _check(NewSet memory s) private pure {
        (uint256 powers, uint256 size) = (s.powers, 8 * s.count);
        uint256 sum;
        uint256 any;
        bool zero;
        bytes32 powersHash;
        assembly ("memory-safe") {
            for { let ptr := powers } lt(ptr, add(powers, size)) { ptr := add(ptr, 8) } {
                let value := shr(192, mload(ptr))
                sum := add(sum, value)
                any := or(any, value)
                zero := or(zero, iszero(value))
            }
            powersHash := keccak256(powers, size)
        }
        if (zero || sum > s.total) revert BadPowers();
        s.power = sum;
        while (any != 0) {
            any >>= 8;
            s.width++;
        }
        (uint256 keys, bytes32 keysHash) = (s.keys, 0);
        size = Keys.SIZE * s.count;
        assembly ("memory-safe") {
            keysHash := keccak256(keys, size)
        }
        bytes32 computed = keccak256(abi.encode(s.epoch, s.total, keysHash, powersHash, s.operatorsHash));
        if (computed != s.hash) revert WrongSetHash(computed);
    }

    /// Makes a set the current one. Sets.sol has the layout.
    function _install(NewSet memory s) private {
        uint256 differ = Sets.bits(s.differs);
        uint256 size = Sets.HEAD + s.width * s.count + Keys.SIZE * differ;
        if (size > Sets.MOST_CODE) revert TooManyChanges();
        uint256 ptr = _free(size + 32);
        bytes memory head = abi.encodePacked(
            bytes1(0), uint8(s.width), uint16(s.count), uint64(s.epoch), uint64(s.time), uint64(s.total), uint64(s.power), s.hash, s.base, s.previous, s.differs
        );
        (uint256 sum, uint256 powers, uint256 end, uint256 width) = (s.sum, s.powers, s.powers + 8 * s.count, s.width);
        (uint256 keys, uint256 rest) = (s.keys, s.differs);
        assembly ("memory-safe") {
            mcopy(ptr, add(head, 32), 140)
            mcopy(add(ptr, 140), add(sum, 16), 48)
            mcopy(add(ptr, 188), add(sum, 80), 48)
            // Powers, as wide as the largest: of each word written, all but its first bytes are overwritten by the next.
            let to := add(ptr, 236)
            for {} lt(powers, end) { powers := add(powers, 8) } {
                mstore(to, shl(sub(256, mul(8, width)), shr(192, mload(powers))))
                to := add(to, width)
            }
            for {} rest {} {
                let i := sub(255, clz(rest))
                rest := xor(rest, shl(i, 1))
                mcopy(to, add(keys, mul(96, i)), 96)
                to := add(to, 96)
            }
        }
        _current = Keys.create(ptr, size);
        emit Rotated(uint64(s.epoch), s.hash, uint64(s.time));
    }

    // --- What is known ---

    function expired() external view returns (bool) {
        return _tooOld(Sets.load(_current));
    }

    function epoch() external view returns (uint64) {
        return Sets.load(_current).epoch();
    }

    function setHash() external view returns (bytes32) {
        return Sets.load(_current).setHash();
    }

    function setTime() external view returns (uint64) {
        return Sets.load(_current).time();
    }

    function total() external view returns (uint64) {
        return Sets.load(_current).total();
    }

    function attesters() external view returns (bytes memory powers, bytes memory keys) {
        Head h = Sets.load(_current);
        (uint256 n, uint256 w) = (h.count(), h.width());
        powers = new bytes(8 * n + 32 + w * n + 32);
        uint256 to;
        assembly ("memory-safe") {
            to := add(powers, 32)
        }
        uint256 size = h.copyPowers(_current, to);
        keys = new bytes(Keys.SIZE * n);
        assembly ("memory-safe") {
            mstore(powers, size)
            to := add(keys, 32)
        }
        h.copyKeys(_current, to);
    }
}
