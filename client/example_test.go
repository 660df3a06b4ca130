package client_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"cosmossdk.io/math"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

// Post a blob, wait until it is final, and read it back. The examples run against a node of
// their own, whose URL and funded key exampleNode returns.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	node := exampleNode()

	c, err := client.New(ctx, client.Config{URL: node.url, Signer: node.signer})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = c.Close() }()

	namespace, err := da.NewNamespace([]byte("example"))
	if err != nil {
		log.Fatal(err)
	}
	submission, err := c.Submit(ctx, da.Blob{Namespace: namespace, Data: []byte("hello")})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(submission.IDs()[0]) // known before any node was asked

	posted, err := submission.Wait(ctx, client.Final)
	if err != nil {
		log.Fatal(err)
	}
	blob, err := c.Get(ctx, posted[0].ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(posted[0].Status, string(blob.Data))
	// Output:
	// f6ae9847cab767a7d15dbafb689497bb854ee36cfeb9553509f33be97746fa08
	// final hello
}

// Follow what becomes of a submission.
func ExampleSubmission_Updates() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	node := exampleNode()
	c, err := client.New(ctx, client.Config{URL: node.url, Signer: node.signer})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = c.Close() }()

	namespace, _ := da.NewNamespace([]byte("updates"))
	submission, err := c.Submit(ctx, da.Blob{Namespace: namespace, Data: []byte("on its way")})
	if err != nil {
		log.Fatal(err)
	}
	for update := range submission.Updates(ctx) {
		if update.Err != nil && update.State != client.Failed {
			continue // what keeps it from going on, such as a node that does not answer
		}
		fmt.Println(update.State)
	}
	// Output:
	// queued
	// signed
	// accepted
	// included
	// final
}

// A journal makes submissions outlive the process: what was submitted and is not final is
// gone on with, and what is submitted again is the same submission.
func ExampleConfig_journal() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	node := exampleNode()
	folder, err := os.MkdirTemp("", "journal-")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	config := client.Config{URL: node.url, Signer: node.signer, Journal: filepath.Join(folder, "journal")}
	namespace, _ := da.NewNamespace([]byte("journal"))
	blob := da.Blob{Namespace: namespace, Data: []byte("posted once")}

	first, err := client.New(ctx, config)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := first.Submit(ctx, blob); err != nil {
		log.Fatal(err)
	}
	_ = first.Close() // or a crash

	second, err := client.New(ctx, config)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = second.Close() }()
	submission, err := second.Submit(ctx, blob)
	if err != nil {
		log.Fatal(err)
	}
	posted, err := submission.Wait(ctx, client.Final)
	if err != nil {
		log.Fatal(err)
	}
	entries, err := second.List(ctx, namespace, posted[0].Height)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(entries), "blob")
	// Output: 1 blob
}

// Read a namespace height by height. Every block is proven to have these blobs and no others.
func ExampleClient_Namespace() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	node := exampleNode()
	c, err := client.New(ctx, client.Config{URL: node.url, Signer: node.signer})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = c.Close() }()

	namespace, _ := da.NewNamespace([]byte("followed"))
	for _, text := range []string{"first", "second"} {
		if _, err := c.Post(ctx, da.Blob{Namespace: namespace, Data: []byte(text)}, client.Included); err != nil {
			log.Fatal(err)
		}
	}
	found := 0
	for block, err := range c.Namespace(ctx, namespace, 1) {
		if err != nil {
			log.Fatal(err)
		}
		for _, blob := range block.Blobs {
			fmt.Println(string(blob.Data))
			found++
		}
		if found == 2 {
			break // or remember block.Height, and go on after it another time
		}
	}
	// Output:
	// first
	// second
}

// Post by several accounts at once, which the signer's pays the fees for.
func ExampleClient_OpenLanes() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	node := exampleNode()
	c, err := client.New(ctx, client.Config{URL: node.url, Signer: node.signer, Lanes: 3})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = c.Close() }()

	if err := c.OpenLanes(ctx, math.NewIntWithDecimal(1, 18)); err != nil { // 1 ASH each
		log.Fatal(err)
	}
	namespace, _ := da.NewNamespace([]byte("lanes"))
	var submissions []*client.Submission
	for i := range 6 {
		submission, err := c.Submit(ctx, da.Blob{Namespace: namespace, Data: fmt.Append(nil, "blob ", i)})
		if err != nil {
			log.Fatal(err)
		}
		submissions = append(submissions, submission)
	}
	signers := make(map[string]bool)
	for _, submission := range submissions {
		posted, err := submission.Wait(ctx, client.Final)
		if err != nil {
			log.Fatal(err)
		}
		signers[posted[0].Signer] = true
	}
	fmt.Println(len(signers), "accounts posted")
	// Output: 3 accounts posted
}
