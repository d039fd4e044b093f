// Verify a log in a folder with Go's own packages for transparency logs, and nothing of Signpost's.
//
//	verify DIR VERIFIER-KEY [EARLIER-CHECKPOINT]
//
// Checked: the signature and the origin; every entry's hash and its proof of inclusion; the root over all
// entries; every hash tile, compared and read through tlog.TileHashReader; that the tree has grown out of an earlier checkpoint.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height = 8
	width  = 1 << height
)

// folder is a log's folder. Go writes tile/8/0/000 for what C2SP serves as tile/0/000.
type folder string

func (dir folder) Height() int { return height }

func (dir folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (dir folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range tiles {
		data, err := dir.read(strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
		if errors.Is(err, os.ErrNotExist) && tile.W < width { // it may have filled up since
			full := tlog.Tile{H: tile.H, L: tile.L, N: tile.N, W: width}
			if data, err = dir.read(strings.Replace(full.Path(), "tile/8/", "tile/", 1)); err == nil {
				data = data[:min(len(data), tile.W*tlog.HashSize)]
			}
		}
		if err != nil {
			return nil, err
		}
		if len(data) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s has %d bytes, not %d hashes", tile.Path(), len(data), tile.W)
		}
		found = append(found, data)
	}
	return found, nil
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

func (dir folder) read(path string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(dir), filepath.FromSlash(path)))
}

// bundle reads the entries of one bundle, which must be exactly as many as asked for.
func (dir folder) bundle(number int64, count int) ([][]byte, error) {
	path := strings.Replace(tlog.Tile{H: height, L: 0, N: number, W: count}.Path(), "tile/8/0/", "tile/entries/", 1)
	data, err := dir.read(path)
	grown := false
	if errors.Is(err, os.ErrNotExist) && count < width { // as above
		grown = true
		data, err = dir.read(strings.TrimSuffix(path, ".p/"+strconv.Itoa(count)))
	}
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(entries) < count {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return nil, fmt.Errorf("%s is cut short at entry %d", path, len(entries))
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		entries = append(entries, data[2:end])
		data = data[end:]
	}
	if len(data) > 0 && !grown {
		return nil, fmt.Errorf("%s has %d bytes after its last entry", path, len(data))
	}
	return entries, nil
}

// open checks who signed a checkpoint and reads it.
func open(signed []byte, verifier note.Verifier) (tlog.Tree, error) {
	var tree tlog.Tree
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tree, fmt.Errorf("the checkpoint's origin is %q, not %q", lines[0], verifier.Name())
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil || tree.N < 0 {
		return tree, fmt.Errorf("the checkpoint's size is %q", lines[1])
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tree, fmt.Errorf("the checkpoint's root is %q", lines[2])
	}
	copy(tree.Hash[:], root)
	return tree, nil
}

// hashes are those of a whole tree, in the order in which Go's package stores them.
type hashes []tlog.Hash

func (stored hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for at, index := range indexes {
		if index >= int64(len(stored)) {
			return nil, errors.New("a hash beyond the end was asked for")
		}
		found[at] = stored[index]
	}
	return found, nil
}

// leaves hashes every entry, and builds the tree over them.
func leaves(dir folder, tree tlog.Tree) ([]tlog.Hash, hashes, error) {
	var records []tlog.Hash
	var stored hashes
	for start := int64(0); start < tree.N; start += width {
		count := tree.N - start
		if count > width {
			count = width
		}
		entries, err := dir.bundle(start/width, int(count))
		if err != nil {
			return nil, nil, err
		}
		for _, entry := range entries {
			more, err := tlog.StoredHashes(int64(len(records)), entry, stored)
			if err != nil {
				return nil, nil, err
			}
			records, stored = append(records, tlog.RecordHash(entry)), append(stored, more...)
		}
	}
	return records, stored, nil
}

func verify(dir folder, verifier note.Verifier, earlier string) error {
	signed, err := dir.read("checkpoint")
	if err != nil {
		return err
	}
	tree, err := open(signed, verifier)
	if err != nil {
		return err
	}
	records, stored, err := leaves(dir, tree)
	if err != nil {
		return err
	}
	root, err := tlog.TreeHash(tree.N, stored)
	if err != nil {
		return err
	}
	if tree.N == 0 {
		root = sha256.Sum256(nil) // RFC 6962; Go's TreeHash gives zeros, which no log signs
	}
	if root != tree.Hash {
		return errors.New("the root over the entries is not the one that was signed")
	}
	if err := tiles(dir, tree, stored); err != nil {
		return err
	}
	if err := readThroughTiles(dir, tree, records); err != nil {
		return err
	}
	for index, record := range records {
		proof, err := tlog.ProveRecord(tree.N, int64(index), stored)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), record); err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
	}
	if earlier != "" {
		if err := grown(dir, verifier, tree, earlier); err != nil {
			return err
		}
	}
	fmt.Printf("%s holds: %d leaves\n", verifier.Name(), tree.N)
	return nil
}

// tiles compares every hash tile, at every level, with the one over the entries. tlog.TileHashReader alone
// does not do: before x/mod 0.40.0 it leaves some full tiles unchecked (CVE-2026-56865), and Debian's is older.
func tiles(dir folder, tree tlog.Tree, stored hashes) error {
	for level, left := 0, tree.N; left > 0; level, left = level+1, left>>height {
		for start := int64(0); start < left; start += width {
			tile := tlog.Tile{H: height, L: level, N: start / width, W: int(left - start)}
			if tile.W > width {
				tile.W = width
			}
			found, err := dir.ReadTiles([]tlog.Tile{tile})
			if err != nil {
				return err
			}
			expected, err := tlog.ReadTileData(tile, stored)
			if err != nil {
				return err
			}
			if !bytes.Equal(found[0], expected) {
				return fmt.Errorf("%s is not the tile over the entries", tile.Path())
			}
		}
	}
	return nil
}

// readThroughTiles reads each leaf's hash through the hash tiles, which Go's reader authenticates up to the root.
func readThroughTiles(dir folder, tree tlog.Tree, records []tlog.Hash) error {
	reader := tlog.TileHashReader(tree, dir)
	for start := 0; start < len(records); start += width {
		var indexes []int64
		for at := start; at < len(records) && at < start+width; at++ {
			indexes = append(indexes, tlog.StoredHashIndex(0, int64(at)))
		}
		found, err := reader.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for at, hash := range found {
			if !bytes.Equal(hash[:], records[start+at][:]) {
				return fmt.Errorf("the tile's hash of entry %d is not that of the entry", start+at)
			}
		}
	}
	return nil
}

// grown proves, from the tiles, that the tree begins with that of an earlier checkpoint.
func grown(dir folder, verifier note.Verifier, tree tlog.Tree, earlier string) error {
	signed, err := os.ReadFile(earlier)
	if err != nil {
		return err
	}
	old, err := open(signed, verifier)
	if err != nil {
		return fmt.Errorf("the earlier checkpoint: %w", err)
	}
	if old.N > tree.N {
		return fmt.Errorf("the log has shrunk from %d leaves to %d", old.N, tree.N)
	}
	if old.N == 0 {
		return nil
	}
	proof, err := tlog.ProveTree(tree.N, old.N, tlog.TileHashReader(tree, dir))
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash); err != nil {
		return fmt.Errorf("the log has not grown out of the earlier checkpoint: %w", err)
	}
	return nil
}

func main() {
	if len(os.Args) < 3 || len(os.Args) > 4 {
		fmt.Fprintln(os.Stderr, "usage: verify DIR VERIFIER-KEY [EARLIER-CHECKPOINT]")
		os.Exit(2)
	}
	verifier, err := note.NewVerifier(os.Args[2])
	if err == nil {
		err = verify(folder(os.Args[1]), verifier, strings.Join(os.Args[3:], ""))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
