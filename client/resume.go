package client

import (
	"errors"
	"slices"
)

// resume opens the journal and goes on with what it has unfinished.
func (c *Client) resume(path string) error {
	if path == "" {
		return nil
	}
	if c.signer == nil {
		return errors.New("a journal remembers what is signed, and this client has no signer")
	}
	var err error
	if c.journal, err = openJournal(path, c.signer.address); err != nil {
		return err
	}
	for _, key := range slices.Clone(c.journal.order) {
		e := c.journal.entries[key]
		switch {
		case e.final != nil:
			c.recall(key, e.final)
		case e.failed:
			c.known.fail(key, e.signed)
		case e.prepared != nil:
			if err := c.goOn(key, e); err != nil {
				return errors.Join(err, c.Close())
			}
		}
	}
	return nil
}

// recall remembers a submission that is final.
func (c *Client) recall(key contentKey, f *finalRecord) {
	sub := newSubmission(key, f.infos)
	sub.client = c
	sub.note(Update{State: Final, Height: f.height, Tx: f.tx, Signer: f.signer})
	c.known.add(sub)
	c.known.final(key)
}

// goOn takes up a submission where it was.
func (c *Client) goOn(key contentKey, e *record) error {
	f := &flight{sub: newSubmission(key, e.prepared.infos), prepared: e.prepared}
	f.sub.client = c
	c.known.add(f.sub)
	if e.signed == nil {
		c.leastBusy().enqueue(f)
		return nil
	}
	l, err := c.laneOf(e.signed.address)
	if err != nil {
		return err
	}
	f.take(e.signed)
	f.sub.signed(e.signed)
	l.resume(f)
	return nil
}
