package fullnode

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"reflect"
	"strings"
	"testing"
)

// source is what the files of a package declare, by name.
type source struct {
	structs map[string]*ast.StructType
	codes   map[string]string // constants of type Code
}

func readSource(t *testing.T, paths ...string) source {
	t.Helper()
	s := source{map[string]*ast.StructType{}, map[string]string{}}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeSpec:
				if fields, ok := n.Type.(*ast.StructType); ok {
					s.structs[n.Name.Name] = fields
				}
			case *ast.ValueSpec:
				if kind, ok := n.Type.(*ast.Ident); ok && kind.Name == "Code" {
					s.codes[n.Names[0].Name] = n.Values[0].(*ast.BasicLit).Value
				}
			}
			return true
		})
	}
	return s
}

// fields returns the type of each JSON field of a struct, those of embedded ones included.
func (s source) fields(t *testing.T, fields *ast.StructType) map[string]ast.Expr {
	t.Helper()
	found := map[string]ast.Expr{}
	for _, field := range fields.Fields.List {
		if len(field.Names) == 0 {
			maps.Copy(found, s.fields(t, s.structs[field.Type.(*ast.Ident).Name]))
			continue
		}
		name, _, _ := strings.Cut(reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("json"), ",")
		if name != "-" {
			found[name] = field.Type
		}
	}
	return found
}

// TestClientAndAPISpeakTheSame holds what package client reads against what package api
// writes. Neither may import the other, so each names the JSON itself.
func TestClientAndAPISpeakTheSame(t *testing.T) {
	client := readSource(t, "../client/types.go", "../client/errors.go")
	api := readSource(t, "../api/types.go", "../api/attested.go", "../api/errors.go")
	if !maps.Equal(client.codes, api.codes) || len(api.codes) == 0 {
		t.Errorf("client knows the codes %v, api %v", client.codes, api.codes)
	}
	pairs := map[string]string{
		"blobReceipt": "BlobReceipt", "Status": "Status", "AccountState": "Account", "ChainFees": "Fees", "Error": "Problem",
		"receipt": "Receipt", "TxStatus": "TxStatus", "TxWaiting": "TxWaiting", "TxIncluded": "TxIncluded", "inclusions": "Blob", "inclusion": "Inclusion", "entry": "Entry", "entryProof": "EntryProof",
		"namespaceBlobs": "NamespaceBlobs", "namespaceProof": "NamespaceProof", "signedHeader": "Header", "headerProof": "HeaderProof",
		"validators": "Validators", "certificate": "Certificate", "attesterSet": "AttesterSet", "attester": "Attester", "rotation": "Rotation", "historyProof": "History",
	}
	if len(client.structs) != len(pairs) {
		t.Errorf("client has %d structs, %d are compared", len(client.structs), len(pairs))
	}
	for ours, theirs := range pairs {
		if client.structs[ours] == nil || api.structs[theirs] == nil {
			t.Errorf("client.%s or api.%s is gone", ours, theirs)
			continue
		}
		written := api.fields(t, api.structs[theirs])
		for name, read := range client.fields(t, client.structs[ours]) {
			if want := written[name]; want == nil || !same(read, want, pairs) {
				t.Errorf("client.%s reads %q as %s, api.%s writes %s", ours, name, show(read), theirs, show(want))
			}
		}
	}
}

// same tells whether two types have the same JSON, given which structs do.
func same(read, written ast.Expr, pairs map[string]string) bool {
	name := show(read)
	bare := strings.TrimLeft(name, "[]*")
	list := strings.TrimSuffix(name, bare)
	if paired, ok := pairs[bare]; ok {
		return list+paired == show(written)
	}
	return name == show(written)
}

// show writes a type as source code does.
func show(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return show(e.X) + "." + e.Sel.Name
	case *ast.ArrayType:
		return "[]" + show(e.Elt)
	case *ast.StarExpr:
		return "*" + show(e.X)
	case nil:
		return "nothing"
	}
	return reflect.TypeOf(e).String()
}
