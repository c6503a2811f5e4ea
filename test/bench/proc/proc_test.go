// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package proc

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	for name, tc := range map[string]struct {
		stat string
		want time.Duration
		err  string
	}{
		"plain":            {"7 (java) S 1 7 7 0 -1 4194304 9 0 0 0 100 50 3 2 20 0 9 0 1 2 3", 1550 * time.Millisecond, ""},
		"an unusual name":  {"7 (a) (b c) S 1 7 7 0 -1 4194304 9 0 0 0 1 0 0 0 20 0 9 0 1 2 3", 10 * time.Millisecond, ""},
		"cut off":          {"7 (java) S 1 7", 0, "is not a line"},
		"without a name":   {"", 0, "is not a line"},
		"not only numbers": {"7 (java) S 1 7 7 0 -1 4194304 9 0 0 0 x 50 3 2 20", 0, "invalid syntax"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseStat(tc.stat)
			check(t, err, tc.err)
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func check(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("unexpected error %v", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("error is %v, want %q", err, want)
	}
}

func TestParseStatus(t *testing.T) {
	for name, tc := range map[string]struct {
		status string
		want   Memory
		err    string
	}{
		"running": {"Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\nThreads:\t1\n", Memory{RSS: 1 << 20, Peak: 2 << 20}, ""},
		"ended":   {"Name:\tx\nState:\tZ (zombie)\n", Memory{}, "has ended"},
		"garbled": {"VmHWM:\tmuch\n", Memory{}, "VmHWM"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseStatus(tc.status)
			check(t, err, tc.err)
			if got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestCountConnections(t *testing.T) {
	table := `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:A1B2 0100007F:2384 01 00000000:00000000 00:00000000 00000000     0        0 11 1 0
   1: 0100007F:A1B3 0100007F:2384 01 00000000:00000000 00:00000000 00000000     0        0 12 1 0
   2: 0100007F:A1B4 0100007F:2384 06 00000000:00000000 00:00000000 00000000     0        0 13 1 0
   3: 0100007F:2384 0100007F:A1B2 01 00000000:00000000 00:00000000 00000000     0        0 14 1 0
`
	inodes := map[string]bool{"11": true, "13": true, "14": true}
	if got := countConnections(table, inodes, 0x2384); got != 1 {
		t.Errorf("counted %d, want 1: not those of others, closed ones, or the other end", got)
	}
}

func TestProcess(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	p, err := Start(Command{Path: "/bin/sh", Args: []string{"-c", "echo hello $WHO; i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo ready; exec cat /dev/zero >/dev/null"}, Env: []string{"WHO=you"}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
		if err := p.Err(); err == nil || !strings.Contains(err.Error(), "hello you") {
			t.Errorf("after its end Err is %v, want its log", err)
		}
	}()
	for range 1000 {
		if cpu, err := p.CPU(); err != nil {
			t.Fatal(err)
		} else if cpu > 0 {
			break
		}
		<-time.After(10 * time.Millisecond)
	}
	if cpu, _ := p.CPU(); cpu == 0 {
		t.Error("a busy process has used no processor time")
	}
	m, err := p.Memory()
	if err != nil || m.RSS <= 0 || m.Peak < m.RSS {
		t.Errorf("memory is %+v, %v", m, err)
	}
	if err := p.Alone(); err != nil {
		t.Error(err)
	}
}

func TestConnections(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	inodes, err := sockets(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile("/proc/self/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	if got := countConnections(string(table), inodes, l.Addr().(*net.TCPAddr).Port); got != 1 {
		t.Errorf("counted %d connections to the listener, want 1", got)
	}
}
