package testnet

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
)

// standardLibrary returns the files chosen from the library of the compiler under test.
func standardLibrary(t *testing.T) []File {
	t.Helper()
	goroot, err := Run(context.Background(), "go", "env", "GOROOT")
	if err != nil {
		t.Fatal(err)
	}
	library, err := Library(strings.TrimSpace(string(goroot)))
	if err != nil {
		t.Fatal(err)
	}
	files, err := Files(library)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestFilesCoverWhatTheDemoPromises(t *testing.T) {
	files := standardLibrary(t)
	namespaces, encodings, total := map[string]bool{}, map[string]int{}, 0
	var small, row, rows int
	for _, f := range files {
		namespaces[f.Namespace] = true
		encodings[f.Encoding]++
		total += len(f.Data)
		size := len(f.Data)
		if f.Encoding == "raw" {
			size = size / scalarBytes * payloadBytes
		}
		switch {
		case size == 0 || size > maxPayload:
			t.Errorf("%s: %d bytes are no blob", f.Name, len(f.Data))
		case size < smallBytes:
			small++
		case size > rowPayload/2 && size <= rowPayload:
			row++
		case size > rowPayload:
			rows++
		}
		t.Logf("%-5s %8d bytes %s", f.Encoding, len(f.Data), f.Name)
	}
	if len(namespaces) != 3 || encodings["data"] == 0 || encodings["raw"] == 0 {
		t.Errorf("have %d namespaces, encodings %v; want 3 and both", len(namespaces), encodings)
	}
	if total < 8<<20 {
		t.Errorf("have %d bytes, want at least 8 MiB", total)
	}
	if small < smallFiles || row < 2 || rows < 4 {
		t.Errorf("have %d small files, %d of a row, %d of many rows", small, row, rows)
	}
}

func TestFilesAreDeterministicAndDistinct(t *testing.T) {
	first, second := standardLibrary(t), standardLibrary(t)
	same := func(a, b File) bool { return a.Name == b.Name && bytes.Equal(a.Data, b.Data) }
	if !slices.EqualFunc(first, second, same) {
		t.Error("two selections from one library differ")
	}
	seen := map[string]string{}
	for _, f := range first {
		key := f.Namespace + string(f.Data)
		if other, ok := seen[key]; ok {
			t.Errorf("%s and %s are the same blob", f.Name, other)
		}
		seen[key] = f.Name
	}
}

func TestRawIsCanonical(t *testing.T) {
	file := raw(File{Data: bytes.Repeat([]byte{0xff}, rowPayload+1)}, rowScalars)
	if len(file.Data) != 2*rowScalars*scalarBytes {
		t.Fatalf("have %d bytes, want two rows", len(file.Data))
	}
	for i := 0; i < len(file.Data); i += scalarBytes {
		if file.Data[i] != 0 {
			t.Fatalf("scalar %d begins with %#x, so it need not be canonical", i/scalarBytes, file.Data[i])
		}
	}
	if last := rowScalars * scalarBytes; file.Data[last+1] != 0xff || file.Data[last+2] != 0 {
		t.Error("the byte after the first row is not where the second row begins")
	}
}

func TestNamespace(t *testing.T) {
	have := Namespace("go-sources")
	want := "00" + strings.Repeat("00", 18) + "676f2d736f7572636573"
	if have != want {
		t.Errorf("have %s want %s", have, want)
	}
}
