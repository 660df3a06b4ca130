package testnet

import (
	"archive/tar"
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// Sizes of what a blob may hold.
const (
	scalarBytes  = 32      // of a scalar, encoding raw
	payloadBytes = 31      // of a scalar, encoding data
	rowScalars   = 4096    // scalars of a row
	maxBlobRows  = 16      // rows of one blob
	smallBytes   = 1 << 10 // files below this size are small
	rowPayload   = payloadBytes * rowScalars
	maxPayload   = rowPayload * maxBlobRows
	smallFiles   = 9 // how many small files are posted
)

// File is real content that is posted as one blob.
type File struct {
	Name string
	// Namespace is 58 hex digits.
	Namespace string
	// Encoding is "data" or "raw".
	Encoding string
	Data     []byte
}

// Namespace returns the version 0 namespace, in hex, whose ten user bytes are the name's,
// with zeros after it. Longer names are cut.
func Namespace(name string) string {
	var user [10]byte
	copy(user[:], name)
	return fmt.Sprintf("00%036x%x", 0, user)
}

// Files selects files to post from a tree of Go's standard library, the same ones for the
// same tree: small ones, some the size of a row, and archives of many rows, in three
// namespaces and both encodings, of at least 8 MiB in total.
func Files(library fs.FS) ([]File, error) {
	sizes, err := sourceSizes(library)
	if err != nil {
		return nil, err
	}
	small, err := smallSources(library, sizes)
	if err != nil {
		return nil, err
	}
	rows, err := rowSources(library, sizes)
	if err != nil {
		return nil, err
	}
	archives, err := archives(library)
	if err != nil {
		return nil, err
	}
	return slices.Concat(archives, rows, small), nil
}

// source is a file of the tree.
type source struct {
	name string
	size int64
}

// sourceSizes lists the Go files of the tree, in order of their names.
func sourceSizes(library fs.FS) ([]source, error) {
	var found []source
	err := fs.WalkDir(library, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		found = append(found, source{name, info.Size()})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the Go sources to post: %w", err)
	}
	return found, nil
}

// smallSources picks package comments under a kibibyte. The first goes into the namespace
// of the Ethereum blobs, as a part of one.
func smallSources(library fs.FS, all []source) ([]File, error) {
	var files []File
	for _, s := range all {
		if len(files) == smallFiles {
			break
		}
		if path.Base(s.name) != "doc.go" || s.size == 0 || s.size >= smallBytes {
			continue
		}
		file, err := readFile(library, s.name, "small-docs")
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	if len(files) > 0 {
		files[0] = raw(files[0], 1)
		files[0].Namespace = Namespace("eth-blobs")
	}
	return files, nil
}

// rowSources picks the two largest files that fit a row: one is posted as it is, one as an
// Ethereum blob.
func rowSources(library fs.FS, all []source) ([]File, error) {
	fitting := slices.DeleteFunc(slices.Clone(all), func(s source) bool { return s.size > rowPayload })
	slices.SortStableFunc(fitting, func(a, b source) int { return cmp.Compare(b.size, a.size) })
	if len(fitting) < 2 {
		return nil, fmt.Errorf("the tree holds %d Go files that fit a row, and two are needed", len(fitting))
	}
	plain, err := readFile(library, fitting[0].name, "go-sources")
	if err != nil {
		return nil, err
	}
	packed, err := readFile(library, fitting[1].name, "eth-blobs")
	if err != nil {
		return nil, err
	}
	return []File{plain, raw(packed, rowScalars)}, nil
}

// readFile reads one file of the tree.
func readFile(library fs.FS, name, namespace string) (File, error) {
	data, err := fs.ReadFile(library, name)
	if err != nil {
		return File{}, fmt.Errorf("read a file to post: %w", err)
	}
	return File{Name: name, Namespace: Namespace(namespace), Encoding: "data", Data: data}, nil
}

// raw turns a file into a multiple of unit scalars that are canonical whatever it holds:
// 31 bytes each, behind a zero byte. That is how rollups fill the blobs they send to
// Ethereum, whose unit is a row.
func raw(file File, unit int) File {
	units := (len(file.Data) + unit*payloadBytes - 1) / (unit * payloadBytes)
	scalars := make([]byte, units*unit*scalarBytes)
	for i := 0; i*payloadBytes < len(file.Data); i++ {
		copy(scalars[i*scalarBytes+1:(i+1)*scalarBytes], file.Data[i*payloadBytes:])
	}
	return File{Name: file.Name, Namespace: file.Namespace, Encoding: "raw", Data: scalars}
}

// archives packs parts of the tree into archives of many rows.
func archives(library fs.FS) ([]File, error) {
	var files []File
	for _, part := range []struct {
		dir, namespace string
		limit          int
	}{
		{"crypto", "go-sources", maxPayload},
		{"net", "go-sources", maxPayload},
		{"runtime", "go-sources", maxPayload},
		{"encoding", "go-sources", 4 * rowPayload},
		{"go", "eth-blobs", maxPayload},
	} {
		data, err := archive(library, part.dir, part.limit)
		if err != nil {
			return nil, err
		}
		file := File{Name: part.dir + ".tar", Namespace: Namespace(part.namespace), Encoding: "data", Data: data}
		if part.namespace == "eth-blobs" {
			file = raw(file, rowScalars)
		}
		files = append(files, file)
	}
	return files, nil
}

// archiveEnd is the two empty records that end an archive, and room for the padding and
// the header of one entry: 512 bytes each.
const archiveEnd = 4 * 512

// archive packs the Go files of a folder, in order, as long as they fit in limit bytes.
// It holds nothing but names and contents, so that it is the same on every machine.
func archive(library fs.FS, dir string, limit int) ([]byte, error) {
	sub, err := fs.Sub(library, dir)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", dir, err)
	}
	sources, err := sourceSizes(sub)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, s := range sources {
		if packed.Len()+int(s.size)+archiveEnd > limit {
			continue
		}
		if err := addFile(w, sub, dir, s.name); err != nil {
			return nil, fmt.Errorf("pack %s: %w", path.Join(dir, s.name), err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pack %s: %w", dir, err)
	}
	return packed.Bytes(), nil
}

// addFile adds one file to an archive.
func addFile(w *tar.Writer, sub fs.FS, dir, name string) error {
	data, err := fs.ReadFile(sub, name)
	if err != nil {
		return err
	}
	header := &tar.Header{Name: path.Join(dir, name), Mode: 0o644, Size: int64(len(data)), Format: tar.FormatUSTAR}
	if err := w.WriteHeader(header); err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return err
	}
	return w.Flush()
}

// Library opens the sources of Go's standard library, which came with the compiler that
// goroot, the output of `go env GOROOT`, names.
func Library(goroot string) (fs.FS, error) {
	root := path.Join(goroot, "src")
	if _, err := os.Stat(root); err != nil {
		return nil, fmt.Errorf("the demo posts Go's own sources, and they are not at %s: %w", root, err)
	}
	return os.DirFS(root), nil
}
