package mobile

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"strings"
	"testing"
)

// bindable tells whether gomobile binds a type: basic ones that both languages have, byte
// slices, errors, and this package's own interfaces and pointers to its structs.
func bindable(own *types.Package, t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		switch t.Kind() {
		case types.Bool, types.Int, types.Int8, types.Int16, types.Int32, types.Int64, types.Uint8, types.Float32, types.Float64, types.String:
			return true
		}
	case *types.Slice:
		element, ok := t.Elem().(*types.Basic)
		return ok && element.Kind() == types.Uint8
	case *types.Pointer:
		named, ok := t.Elem().(*types.Named)
		if !ok || named.Obj().Pkg() != own {
			return false
		}
		_, isStruct := named.Underlying().(*types.Struct)
		return isStruct
	case *types.Named:
		if t.Obj().Name() == "error" && t.Obj().Pkg() == nil {
			return true
		}
		return t.Obj().Pkg() == own && types.IsInterface(t)
	}
	return false
}

// unbindable lists what of a package's exported API gomobile would leave out.
func unbindable(p *types.Package) (found []string) {
	for _, name := range p.Scope().Names() {
		object := p.Scope().Lookup(name)
		if !object.Exported() {
			continue
		}
		switch object := object.(type) {
		case *types.Func:
			found = append(found, signature(p, name, object.Signature())...)
		case *types.TypeName:
			found = append(found, unbindableType(p, object)...)
		default:
			if !bindable(p, object.Type()) {
				found = append(found, name)
			}
		}
	}
	return found
}

func unbindableType(p *types.Package, object *types.TypeName) (found []string) {
	name := object.Name()
	switch under := object.Type().Underlying().(type) {
	case *types.Struct:
		for field := range under.Fields() {
			if field.Exported() && !bindable(p, field.Type()) {
				found = append(found, name+"."+field.Name())
			}
		}
		for method := range types.NewMethodSet(types.NewPointer(object.Type())).Methods() {
			if method.Obj().Exported() {
				found = append(found, signature(p, name+"."+method.Obj().Name(), method.Obj().(*types.Func).Signature())...)
			}
		}
	case *types.Interface:
		for method := range under.Methods() {
			found = append(found, signature(p, name+"."+method.Name(), method.Signature())...)
		}
	default:
		found = append(found, name)
	}
	return found
}

// signature reports a function of other parameters than gomobile binds, or of results other
// than none, one, or one and an error.
func signature(p *types.Package, name string, s *types.Signature) (found []string) {
	for v := range s.Params().Variables() {
		if !bindable(p, v.Type()) {
			found = append(found, name+" takes "+v.Type().String())
		}
	}
	results := s.Results()
	for v := range results.Variables() {
		if !bindable(p, v.Type()) {
			found = append(found, name+" returns "+v.Type().String())
		}
	}
	if results.Len() > 2 || results.Len() == 2 && results.At(1).Type().String() != "error" || s.Variadic() || s.TypeParams().Len() > 0 {
		found = append(found, name+" has a signature of another kind")
	}
	return found
}

// check type-checks files as a package.
func check(t *testing.T, sources map[string]any) *types.Package {
	t.Helper()
	files := token.NewFileSet()
	var parsed []*ast.File
	for name, source := range sources {
		file, err := parser.ParseFile(files, name, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, file)
	}
	// What the package imports has no place in its API: left unknown, it is found there.
	config := types.Config{Error: func(error) {}}
	p, _ := config.Check("mobile", files, parsed, nil)
	return p
}

func TestGomobileBindsTheAPI(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]any{}
	for _, entry := range entries {
		if name := entry.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			sources[name] = nil
		}
	}
	p := check(t, sources)
	if found := unbindable(p); len(found) > 0 {
		t.Errorf("gomobile leaves out %q", found)
	}
	for _, name := range []string{"NewNode", "NewConfig", "Node", "Listener", "Report"} {
		if p.Scope().Lookup(name) == nil {
			t.Errorf("the API has no %s", name)
		}
	}
}

// TestUnbindableIsFound has one declaration of each kind that gomobile leaves out.
func TestUnbindableIsFound(t *testing.T) {
	t.Parallel()
	for _, source := range []string{
		"func F(x []string) {}", "func F(x uint64) {}", "func F() (int, int) { return 0, 0 }", "func F() (int, string, error) { return 0, \"\", nil }",
		"type S struct { A map[string]int }", "type S struct{}; func (s *S) M(f func()) {}", "type I interface { M(chan int) }", "func F(x ...int) {}",
		"type E int", "func F() struct{} { return struct{}{} }", "var V []int",
	} {
		if found := unbindable(check(t, map[string]any{"a.go": "package mobile\n" + source})); len(found) == 0 {
			t.Errorf("%s: found nothing", source)
		}
	}
	if found := unbindable(check(t, map[string]any{"a.go": "package mobile\ntype S struct{ A int }; func (*S) M() (*S, error) { return nil, nil }; type I interface{ M(s *S, b []byte) bool }; func F(i I) error { return nil }"})); len(found) != 0 {
		t.Errorf("found %q", found)
	}
}
