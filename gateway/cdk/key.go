package cdk

import (
	"bytes"
	"crypto/ecdsa"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/ethereum/go-ethereum/accounts/keystore"
	"github.com/ethereum/go-ethereum/crypto"
)

// ReadKey reads a member's key: 64 hex digits, or a key as Ethereum's clients store it, which password, another file, opens.
// Nobody but the files' owner may be able to read them.
func ReadKey(path, password string) (*ecdsa.PrivateKey, error) {
	content, err := readPrivate(path)
	if err != nil {
		return nil, fmt.Errorf("the committee member's key: %w", err)
	}
	content = bytes.TrimSpace(content)
	if len(content) == 0 || content[0] != '{' {
		key, err := crypto.HexToECDSA(strings.TrimPrefix(string(content), "0x"))
		if err != nil { // whose text would quote the key
			return nil, fmt.Errorf("%s: want 64 hex digits, or the JSON of an Ethereum keystore", path)
		}
		return key, nil
	}
	secret, err := readPrivate(password)
	if err != nil {
		return nil, fmt.Errorf("%s is encrypted, the file with its password: %w", path, err)
	}
	key, err := keystore.DecryptKey(content, strings.TrimRight(string(secret), "\r\n"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key.PrivateKey, nil
}

// readPrivate reads a file that nobody but its owner can read, where the system tells who can.
func readPrivate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others: chmod 600 it", path)
	}
	return os.ReadFile(path)
}
