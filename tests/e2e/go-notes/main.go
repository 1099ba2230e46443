// Opens notes that Kefu signed, and signs notes for Kefu to open, with the package that Go's own checksum database uses.
//
//	notes open VERIFIER_KEY FILE…   prints "ok FILE", or "refused FILE: why"; fails if one is refused
//	notes sign NAME                 reads a text from stdin; prints a new verifier key, and the signed note
package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"os"

	"golang.org/x/mod/sumdb/note"
)

func fail(problem error) {
	if problem != nil {
		fmt.Fprintln(os.Stderr, problem)
		os.Exit(2)
	}
}

func open(key string, files []string) {
	verifier, err := note.NewVerifier(key)
	fail(err)
	refused := false
	for _, file := range files {
		signed, err := os.ReadFile(file)
		fail(err)
		opened, err := note.Open(signed, note.VerifierList(verifier))
		switch {
		case err != nil:
			fmt.Printf("refused %s: %v\n", file, err)
			refused = true
		case len(opened.Sigs) != 1 || !bytes.HasPrefix(signed, []byte(opened.Text)):
			fmt.Printf("refused %s: %d signatures\n", file, len(opened.Sigs))
			refused = true
		default:
			fmt.Printf("ok %s\n", file)
		}
	}
	if refused {
		os.Exit(1)
	}
}

func sign(name string) {
	text, err := io.ReadAll(os.Stdin)
	fail(err)
	private, public, err := note.GenerateKey(rand.Reader, name)
	fail(err)
	signer, err := note.NewSigner(private)
	fail(err)
	signed, err := note.Sign(&note.Note{Text: string(text)}, signer)
	fail(err)
	fmt.Println(public)
	os.Stdout.Write(signed)
}

func main() {
	switch {
	case len(os.Args) > 3 && os.Args[1] == "open":
		open(os.Args[2], os.Args[3:])
	case len(os.Args) == 3 && os.Args[1] == "sign":
		sign(os.Args[2])
	default:
		fmt.Fprintln(os.Stderr, "usage: notes open VERIFIER_KEY FILE… | notes sign NAME")
		os.Exit(2)
	}
}
