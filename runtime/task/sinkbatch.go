// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
)

// inflation bounds what a batch may become when it is decompressed.
func (s *Sink) inflation() []kgo.Opt {
	if s.limits.batch <= 0 {
		return nil
	}
	return []kgo.Opt{kgo.MaxDecompressBatchBytes(s.limits.batch)}
}

// tooLarge says which batch is larger than that, and the two ways on. The client
// reads no further in its partition.
func (s *Sink) tooLarge(err *kgo.ErrDecompressTooLarge) error {
	return fmt.Errorf("reading partition %d of topic %q: the batch of records at offset %d is larger than the %d bytes of task.max.batch.bytes once it is decompressed: "+
		"raise that in the worker's config, or set the connector's offset of the partition to %d, which leaves the batch out",
		err.Partition, err.Topic, err.Offset, s.limits.batch, err.NextOffset)
}
