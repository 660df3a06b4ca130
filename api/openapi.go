package api

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// object is a JSON object of the description.
type object = map[string]any

// describe renders the routes as an OpenAPI 3.1 document.
//
// It implements [OpenAPI 3.1.1].
//
// [OpenAPI 3.1.1]: https://spec.openapis.org/oas/v3.1.1.html
func describe(routes []route) ([]byte, error) {
	paths := object{}
	for i := range routes {
		path, ok := paths[routes[i].path].(object)
		if !ok {
			path = object{}
			paths[routes[i].path] = path
		}
		path[strings.ToLower(routes[i].method)] = describeRoute(&routes[i])
	}
	document := object{
		"openapi": "3.1.0",
		"info": object{
			"title": "Ashlar node", "version": "1",
			"description": "Binary values are lower-case hex without 0x, amounts decimal strings, times RFC 3339. Every error is an Error; its code names the cause.",
		},
		"paths": paths,
		"components": object{
			"schemas":         object{"Error": schemaOf(reflect.TypeFor[ErrorBody]()), "Code": object{"type": "string", "enum": codes()}},
			"securitySchemes": object{"token": object{"type": "http", "scheme": "bearer"}},
		},
	}
	spec, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("api: describe the endpoints: %w", err)
	}
	return append(spec, '\n'), nil
}

// codes lists the codes of errors.
func codes() []Code {
	return []Code{
		CodeNotFound, CodePruned, CodeFutureHeight, CodeNotAttested, CodeSyncing, CodeNoPeer, CodeTimeout, CodeTooLarge,
		CodeBadRequest, CodeUnauthorized, CodeInsufficientFunds, CodeFeeTooLow, CodeBadSequence,
		CodeUnderpriced, CodeAccountLimit, CodeEvicted, CodeReplaced, CodeMempoolFull,
		CodeDiskFull, CodeUnsupported, CodeInvalidProof, CodeWrongChain, CodeRateLimited, CodeInternal,
	}
}

func describeRoute(r *route) object {
	failure := object{
		"description": "An error",
		"content":     object{"application/json": object{"schema": object{"$ref": "#/components/schemas/Error"}}},
	}
	out := object{"summary": r.summary, "responses": object{"200": object{"description": "The answer", "content": content(r)}, "default": failure}}
	if len(r.params) > 0 {
		params := make([]object, len(r.params))
		for i, p := range r.params {
			params[i] = object{"name": p.name, "in": p.in, "required": p.required, "description": p.summary, "schema": object{"type": "string"}}
		}
		out["parameters"] = params
	}
	if r.body != nil {
		out["requestBody"] = object{"required": true, "content": object{*r.body: object{"schema": object{"type": "string", "format": "binary"}}}}
	}
	if r.access == writes {
		out["security"] = []object{{"token": []string{}}, {}}
	}
	return out
}

// content describes what a route answers with.
func content(r *route) object {
	out := object{}
	if r.event != nil {
		out["text/event-stream"] = object{"schema": schemaOf(reflect.TypeOf(r.event))}
	}
	switch {
	case r.answer != nil:
		out["application/json"] = object{"schema": schemaOf(reflect.TypeOf(r.answer))}
	case r.access == aside:
		out["*/*"] = object{}
	case r.event == nil:
		out["application/octet-stream"] = object{"schema": object{"type": "string", "format": "binary"}}
	}
	return out
}

// schemaOf describes how encoding/json shows values of a type.
func schemaOf(t reflect.Type) object {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[json.RawMessage]():
		return object{"type": "object"}
	case t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return object{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem())
	case reflect.Struct:
		return structSchema(t)
	case reflect.Slice, reflect.Array:
		return object{"type": "array", "items": schemaOf(t.Elem())}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.String:
		if t == reflect.TypeFor[Code]() {
			return object{"$ref": "#/components/schemas/Code"}
		}
		return object{"type": "string"}
	case reflect.Int, reflect.Int64, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return object{"type": "integer"}
	}
	return object{}
}

// structSchema lists a struct's fields; those of embedded structs are its own.
func structSchema(t reflect.Type) object {
	properties, required := object{}, []string{}
	for _, field := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" || name == "-" || !field.IsExported() {
			continue
		}
		if name == "" {
			name = field.Name
		}
		properties[name] = schemaOf(field.Type)
		if !strings.Contains(options, "omit") {
			required = append(required, name)
		}
	}
	return object{"type": "object", "properties": properties, "required": required}
}
