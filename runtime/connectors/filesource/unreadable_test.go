// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package filesource

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/runtime/connect"
)

func TestUnreadable(t *testing.T) {
	for name, tc := range map[string]struct {
		breakIt, mend func(t *testing.T, path string)
	}{
		"a loop of links": {
			func(t *testing.T, path string) { must(t, os.Symlink(path, path)) },
			func(t *testing.T, path string) { must(t, os.Remove(path)); write(t, path, "one\n") },
		},
		"the folder is a file": {
			func(t *testing.T, path string) {
				must(t, os.Remove(filepath.Dir(path)))
				write(t, filepath.Dir(path), "")
			},
			func(t *testing.T, path string) {
				must(t, os.Remove(filepath.Dir(path)))
				must(t, os.Mkdir(filepath.Dir(path), 0o755))
				write(t, path, "one\n")
			},
		},
		"no permission": {
			func(t *testing.T, path string) {
				write(t, path, "one\n")
				must(t, os.Chmod(path, 0))
				asNobody(t)
			},
			func(t *testing.T, path string) { asRoot(); must(t, os.Chmod(path, 0o644)) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, path string) {
				r := follow(t, path)
				tc.breakIt(t, path)
				for range 3 {
					lines, err := r.poll(time.Second)
					if len(lines) > 0 || !connect.IsRetriable(err) || !strings.Contains(err.Error(), path) {
						t.Fatalf("got %q and error %v", lines, err)
					}
				}
				tc.mend(t, path)
				r.want("one")
			})
		})
	}
}

// asNobody makes file accesses of this thread those of a user without rights, if
// they are root's, whom no permission stops.
func asNobody(t *testing.T) {
	if os.Geteuid() != 0 {
		return
	}
	const nobody = 65534
	runtime.LockOSThread()
	t.Cleanup(asRoot)
	_, _, _ = syscall.RawSyscall(syscall.SYS_SETFSUID, nobody, 0, 0) // never says whether it worked
}

func asRoot() {
	if os.Geteuid() == 0 {
		_, _, _ = syscall.RawSyscall(syscall.SYS_SETFSUID, 0, 0, 0)
	}
}

func TestUnreadableWhileOpen(t *testing.T) {
	inBubble(t, func(t *testing.T, path string) {
		folder := filepath.Join(filepath.Dir(path), "folder")
		must(t, os.Mkdir(folder, 0o755))
		path = filepath.Join(folder, "in.txt")
		write(t, path, "one\n")
		r := follow(t, path)
		r.want("one")
		must(t, os.Rename(folder, folder+".away"))
		must(t, os.Symlink(folder, folder))
		if lines, err := r.poll(time.Second); len(lines) > 0 || !connect.IsRetriable(err) {
			t.Fatalf("got %q and error %v", lines, err)
		}
		write(t, filepath.Join(folder+".away", "in.txt"), "two\n")
		lines, err := r.poll(time.Second)
		if d := cmp.Diff([]string{"two"}, lines); d != "" || !connect.IsRetriable(err) {
			t.Errorf("%s and error %v", d, err)
		}
		must(t, os.Remove(folder))
		must(t, os.Rename(folder+".away", folder))
		write(t, path, "three\n")
		r.want("three")
	})
}

func TestNoRegularFile(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"folder":     func(path string) error { return os.Mkdir(path, 0o755) },
		"named pipe": func(path string) error { return syscall.Mkfifo(path, 0o644) },
		"device":     func(path string) error { return os.Symlink("/dev/null", path) },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, path string) {
				must(t, make(path))
				_, err := follow(t, path).poll(time.Second)
				if err == nil || connect.IsRetriable(err) || !strings.Contains(err.Error(), path+" is not a regular file") {
					t.Errorf("got error %v", err)
				}
			})
		})
	}
}
