package main

import "testing"

// output is what go test -json prints of a client with a case that fails and one that does not, and of one that fails by itself.
const output = `{"Action":"run","Test":"TestA"}
{"Action":"output","Test":"TestA/put_and_get","Output":"no such luck\n"}
{"Action":"fail","Test":"TestA/put_and_get","Elapsed":1.5}
{"Action":"pass","Test":"TestA/unknown","Elapsed":0.1}
{"Action":"fail","Test":"TestA","Elapsed":1.6}
not JSON
{"Action":"skip","Test":"TestB","Elapsed":0}
{"Action":"fail","Elapsed":2}
`

func TestReportOfEvents(t *testing.T) {
	clients, all := parseEvents([]byte(output), "m")
	if len(clients) != 2 || all != "no such luck\nnot JSON\n" {
		t.Fatalf("%+v, %q", clients, all)
	}
	a, b := clients[0], clients[1]
	if a.Passed || a.Module != "m" || len(a.Cases) != 2 || a.outcome("unknown") != "pass" {
		t.Errorf("%+v", a)
	}
	if failed := a.Cases[0]; failed.Case != "put and get" || failed.Outcome != "fail" || failed.Output != "no such luck\n" || failed.Seconds != 1.5 {
		t.Errorf("%+v", failed)
	}
	if b.Passed {
		t.Error("a client that was skipped passed")
	}
	want := "" +
		"             A     B\n" +
		"put and get  fail  -\n" +
		"unknown      pass  -\n"
	if got := table(clients); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
