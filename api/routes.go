package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// access says what a route needs besides a well-formed request.
type access int

const (
	reads access = iota
	writes
	streams  // is a stream where the request says so, see handler.isStream
	always   // is answered however many requests are in flight: whoever watches the node asks when it is busy
	aside    // is no part of the API proper: bounded apart from it, and not described beyond its summary
	anywhere // is no endpoint at all
)

// param is a parameter of a route.
type param struct {
	name, in, summary string
	required          bool
}

// route is an endpoint: how it is found, described and answered.
type route struct {
	method, path string
	summary      string
	access       access
	params       []param
	// body and answer are zero values of what goes in and out; nil is raw bytes.
	body   *string // media type of what is posted
	answer any
	// event is what a stream consists of, nil if the route has none.
	event any
	serve func(w http.ResponseWriter, r *http.Request) error
}

func (r *route) pattern() string { return r.method + " " + r.path }

// checkQuery refuses parameters the route does not have and ones given twice: a mistyped wait
// must not turn into its weaker default.
func (r *route) checkQuery(request *http.Request) error {
	query, err := url.ParseQuery(request.URL.RawQuery)
	if err != nil {
		return fmt.Errorf("%w: query: %w", ErrBadRequest, err)
	}
	for name, values := range query {
		known := slices.ContainsFunc(r.params, func(p param) bool { return p.in == "query" && p.name == name })
		if !known {
			return fmt.Errorf("%w: %s %s has no parameter %q", ErrBadRequest, r.method, r.path, name)
		}
		if len(values) > 1 {
			return fmt.Errorf("%w: parameter %q is given %d times", ErrBadRequest, name, len(values))
		}
	}
	return nil
}

func inPath(name, summary string) param { return param{name, "path", summary, true} }

func inQuery(name, summary string) param { return param{name, "query", summary, false} }

// health answers /healthz.
type health struct {
	// Status is ok, or disk_full where reads only are answered.
	Status string `json:"status"`
}

// routes lists every endpoint that the handler mounts.
func (h *handler) routes() []route {
	common := []route{
		{method: "GET", path: "/healthz", summary: "Whether the process answers: ok, or disk_full where it takes no posts", access: always, answer: health{}, serve: h.health},
		{method: "GET", path: "/metrics", summary: "Metrics in Prometheus' format", access: aside, serve: h.metrics},
		{method: "GET", path: "/openapi.json", summary: "This description", access: aside, serve: h.openAPI},
	}
	if h.config.Light != nil {
		return slices.Concat(h.lightRoutes(), h.lightWrites(), h.followedRoutes(), common)
	}
	all := append(h.blobRoutes(), h.blockRoutes()...)
	all = append(append(append(all, h.chainRoutes()...), h.feeRoutes()...), h.attestedRoutes()...)
	return append(all, common...)
}

func (h *handler) lightRoutes() []route {
	return []route{
		{
			method: "GET", path: "/v1/status", summary: "What the node is doing",
			answer: h.config.Light.Status, serve: h.lightStatus,
		},
		{
			method: "GET", path: "/v1/availability/{height}", summary: "The verdict about a height, and what was checked",
			params: []param{inPath("height", "a height")},
			answer: h.config.Light.Availability, serve: h.availability,
		},
		{
			method: "GET", path: "/v1/events", summary: "Heads, verdicts and alarms as they come, as server-sent events; Last-Event-ID resumes",
			access: streams, answer: nil, event: h.config.Light.Availability, serve: h.lightEvents,
		},
	}
}

// followedRoutes are those of a light node that follows a namespace. They answer what a full
// node's of the same paths do.
func (h *handler) followedRoutes() []route {
	if h.config.Light.Followed == nil {
		return nil
	}
	return []route{
		{
			method: "GET", path: "/v1/headers/{height}", summary: "The signed header, as this node verified it, and the path from its data hash to transaction 0, the DA header",
			params: []param{inPath("height", "a height, or latest")}, answer: Header{}, serve: h.followedHeader,
		},
		{
			method: "GET", path: "/v1/namespaces/{namespace}/blobs", access: streams,
			summary: "All index entries of the namespace followed, at a height that this node found available, with the proof that they are all; or, with from, of every height from there on as server-sent events, whose ids are heights (Last-Event-ID resumes). An event waits says why a height is not there yet",
			params: []param{
				inPath("namespace", "58 hex digits"),
				inQuery("height", "a height, or latest (default)"), inQuery("from", "a height to stream from"),
			},
			answer: NamespaceBlobs{}, event: NamespaceBlobs{}, serve: h.followedNamespace,
		},
		{
			method: "GET", path: "/v1/blobs/{id}/data", summary: "The bytes of a blob of the namespace followed, verified",
			params: []param{inPath("id", "64 hex digits"), {"height", "query", "the height that includes it", true}}, serve: h.followedData,
		},
	}
}

func (h *handler) blobRoutes() []route {
	octets := "application/octet-stream"
	height := inQuery("height", "only the inclusions of this height")
	wait := inQuery("wait", "accepted (default): answer when the mempool has it; included: when it is final and durable here; attested: when a certificate covers it too")
	return []route{
		{
			method: "POST", path: "/v1/blobs", summary: "Post a blob; the node signs and pays (--api.key)",
			access: writes, body: &octets, answer: BlobReceipt{}, serve: h.postBlob,
			params: []param{
				{"namespace", "query", "58 hex digits", true},
				inQuery("encoding", "data (default): any bytes; raw: canonical scalars of 32 bytes"), wait,
			},
		},
		{
			method: "POST", path: "/v1/txs", summary: "Submit a signed transaction: an envelope, or one without blobs. One that is posted again is paid for once, and its receipt says which block has it: an envelope's as long as that block is kept, another's for the last 512 blocks since the node started",
			access: writes, body: &octets, answer: Receipt{}, serve: h.postTx, params: []param{wait},
		},
		{
			method: "GET", path: "/v1/txs/{id}", summary: "What became of a transaction: waiting, included, evicted, replaced, refused or unknown, and why. Of each, this node remembers the last while it runs: 16384 included, and the height of all of the last 512 blocks; 8192 evicted or replaced; 4096 refused",
			params: []param{inPath("id", "64 hex digits: SHA-256 of the signed transaction, without what an envelope adds")},
			answer: TxStatus{}, serve: h.txStatus,
		},
		{
			method: "GET", path: "/v1/blobs", summary: "The ids of blobs by the hash of their bytes or of a commitment, newest first; give one of both",
			params: []param{inQuery("keccak256", "64 hex digits"), inQuery("versioned_hash", "64 hex digits")},
			answer: BlobIDs{}, serve: h.findBlobs,
		},
		{
			method: "GET", path: "/v1/blobs/{id}", summary: "A blob's description, its inclusions and their proofs, the newest 16 of them",
			params: []param{
				inPath("id", "64 hex digits"), height,
				inQuery("before", "only inclusions below this height"), inQuery("signer", "bech32: only what this account paid for"),
			},
			answer: Blob{}, serve: h.blob,
		},
		{
			method: "GET", path: "/v1/blobs/{id}/data", summary: "A blob's bytes",
			params: []param{inPath("id", "64 hex digits"), height}, serve: h.blobData,
		},
	}
}

func (h *handler) blockRoutes() []route {
	height := inPath("height", "a height, or latest")
	return []route{
		{
			method: "GET", path: "/v1/headers/{height}", summary: "The signed header, and the path from its data hash to transaction 0, the DA header",
			params: []param{height}, answer: Header{}, serve: h.header,
		},
		{
			method: "GET", path: "/v1/validators/{height}", summary: "Who may sign a height: what the commit of its header is verified by",
			params: []param{height}, answer: Validators{}, serve: h.validators,
		},
		{
			method: "GET", path: "/v1/blocks/{height}", summary: "The DA header, time and fees of a block",
			params: []param{height}, answer: Block{}, serve: h.block,
		},
		{
			method: "GET", path: "/v1/blocks/{height}/cells/{row}/{col}", summary: "A cell of the extended matrix with its proof",
			params: []param{height, inPath("row", "0 to 2k-1"), inPath("col", "0 to 127")}, answer: Cell{}, serve: h.cell,
		},
		{
			method: "GET", path: "/v1/namespaces/{namespace}/blobs", access: streams,
			summary: "All index entries of a namespace at a height with the proof that they are all; or, with from, of every height from there on as server-sent events, whose ids are heights (Last-Event-ID resumes)",
			params: []param{
				inPath("namespace", "58 hex digits"),
				inQuery("height", "a height, or latest (default)"), inQuery("from", "a height to stream from"),
			},
			answer: NamespaceBlobs{}, event: NamespaceBlobs{}, serve: h.namespace,
		},
	}
}

func (h *handler) chainRoutes() []route {
	return []route{
		{
			method: "GET", path: "/v1/accounts/{address}", summary: "An account's balance and sequence",
			params: []param{inPath("address", "bech32")}, answer: Account{}, serve: h.account,
		},
		{method: "GET", path: "/v1/status", summary: "What the node is doing", answer: Status{}, serve: h.status},
	}
}
