// Checks what Kefu says of its tree with someone else's arithmetic: github.com/transparency-dev/merkle. Reads lines of JSON
// as tree_proofs prints them, and ends with 1 if a root is another one than the records have, a proof that should hold does
// not, or one that should not does.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

type line struct {
	What    string   `json:"what"` // record, inclusion, consistency
	Record  []byte   `json:"record"`
	Leaf    uint64   `json:"leaf"`
	OldSize uint64   `json:"old_size"`
	Size    uint64   `json:"size"`
	OldRoot []byte   `json:"old_root"`
	Root    []byte   `json:"root"`
	Hash    []byte   `json:"leaf_hash"`
	Path    [][]byte `json:"path"`
	Holds   bool     `json:"holds"`
}

type auditor struct {
	leaves [][]byte
	roots  [][]byte // by size
	tree   *compact.Range
	counts map[string]int
}

func newAuditor() *auditor {
	factory := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	return &auditor{
		roots:  [][]byte{rfc6962.DefaultHasher.EmptyRoot()},
		tree:   factory.NewEmptyRange(0),
		counts: map[string]int{},
	}
}

func (a *auditor) record(bytes []byte) error {
	hash := rfc6962.DefaultHasher.HashLeaf(bytes)
	a.leaves = append(a.leaves, hash)
	if err := a.tree.Append(hash, nil); err != nil {
		return err
	}
	root, err := a.tree.GetRootHash(nil)
	a.roots = append(a.roots, root)
	return err
}

// What is said of the records themselves; only proofs that should hold are looked at for it.
func (a *auditor) agrees(root []byte, size uint64) error {
	if size >= uint64(len(a.roots)) {
		return fmt.Errorf("a tree of %d records, of %d", size, len(a.leaves))
	}
	if !bytes.Equal(root, a.roots[size]) {
		return fmt.Errorf("%d records have the root %x, not %x", size, a.roots[size], root)
	}
	return nil
}

func (a *auditor) check(l line) error {
	var err error
	switch l.What {
	case "record":
		return a.record(l.Record)
	case "inclusion":
		err = proof.VerifyInclusion(rfc6962.DefaultHasher, l.Leaf, l.Size, l.Hash, l.Path, l.Root)
	case "consistency":
		err = proof.VerifyConsistency(rfc6962.DefaultHasher, l.OldSize, l.Size, l.Path, l.OldRoot, l.Root)
	default:
		return fmt.Errorf("what is %q", l.What)
	}
	if (err == nil) != l.Holds {
		return fmt.Errorf("it should hold: %v; the check says: %v", l.Holds, err)
	}
	if !l.Holds {
		a.counts["refused"]++
		return nil
	}
	a.counts[l.What]++
	if err := a.agrees(l.Root, l.Size); err != nil {
		return err
	}
	if l.What == "consistency" {
		return a.agrees(l.OldRoot, l.OldSize)
	}
	if !bytes.Equal(l.Hash, a.leaves[l.Leaf]) {
		return fmt.Errorf("leaf %d is %x, not %x", l.Leaf, a.leaves[l.Leaf], l.Hash)
	}
	return nil
}

func main() {
	a := newAuditor()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	for number := 1; lines.Scan(); number++ {
		var l line
		err := json.Unmarshal(lines.Bytes(), &l)
		if err == nil {
			err = a.check(l)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "line %d: %v\n", number, err)
			os.Exit(1)
		}
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("records %d inclusion %d consistency %d refused %d\n", len(a.leaves), a.counts["inclusion"],
		a.counts["consistency"], a.counts["refused"])
}
