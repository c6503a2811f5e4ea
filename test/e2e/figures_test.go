// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

const rounds = 5

// figures prints how long two things take that users wait for. The goals stand
// beside them; a shared machine decides too much for a test to fail on them.
func figures(t *testing.T, s *suite, files string) {
	report(t, "P11, apply of a connector to its first record out", 2*time.Second, func(i int) time.Duration { return firstRecord(t, s, files, i) })
	report(t, "P12, worker pod killed to its tasks moving data again", 5*time.Second, func(int) time.Duration { return movesAgain(t, s, files) })
}

func report(t *testing.T, what string, goal time.Duration, measure func(i int) time.Duration) {
	t.Helper()
	took := make([]time.Duration, rounds)
	for i := range took {
		took[i] = measure(i)
	}
	slices.Sort(took)
	t.Logf("%s: median of %d %.2fs (%.2fs to %.2fs), goal %s", what, rounds,
		took[rounds/2].Seconds(), took[0].Seconds(), took[rounds-1].Seconds(), goal)
}

// firstRecord applies a sink for a topic that holds records and waits for the
// first line in its file.
func firstRecord(t *testing.T, s *suite, files string, i int) time.Duration {
	t.Helper()
	name := fmt.Sprintf("first-%d", i)
	path := filepath.Join(files, name+".txt")
	s.apply(t, fileSink(ns, name, "/files/"+name+".txt", "copied", 1))
	took := eventually(t, 30*time.Second, "the first record of "+name, func() error {
		if st, err := os.Stat(path); err != nil || st.Size() == 0 {
			return fmt.Errorf("nothing in %s", path)
		}
		return nil
	})
	s.kubectl(t, "-n", ns, "delete", "connector", name, "--timeout=30s")
	return took
}

// movesAgain kills the worker of the running sink and waits until lines that
// were written afterwards have come out.
func movesAgain(t *testing.T, s *suite, files string) time.Duration {
	t.Helper()
	s.settled(t)
	in, out := filepath.Join(files, "load.txt"), filepath.Join(files, "load-out.txt")
	task := s.tasks(t, ns, "load-in")[0]
	s.kubectl(t, "-n", ns, "delete", "pod", task.Spec.Worker.Name, "--force", "--grace-period=0")
	mark := fmt.Sprintf("after-kill-%d", time.Now().UnixNano())
	f, err := os.OpenFile(in, os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintln(f, mark); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return eventually(t, 60*time.Second, "data moves again", func() error {
		if lines(t, out)[mark] == 0 {
			return fmt.Errorf("%s is not there", mark)
		}
		return nil
	})
}
