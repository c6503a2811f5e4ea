// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"penstock.dev/runtime/task"
)

// bombs are the data of batches below Kafka's limit of 1 MB, by the codec's number.
// Decompressed they have from 64 MiB to gigabytes.
func bombs(t *testing.T) map[kgo.CompressionCodecType][]byte {
	t.Helper()
	const limit = 1 << 20
	zeros := make([]byte, 64<<20)
	out := map[kgo.CompressionCodecType][]byte{
		// 4 GiB less a byte are announced, and nothing follows.
		kgo.CodecSnappy: append(binary.AppendUvarint(nil, 1<<32-1), 0),
	}
	for _, c := range []kgo.CompressionCodec{kgo.GzipCompression(), kgo.Lz4Compression(), kgo.ZstdCompression()} {
		compressor, err := kgo.DefaultCompressor(c)
		if err != nil {
			t.Fatal(err)
		}
		frame, codec := compressor.Compress(new(bytes.Buffer), zeros)
		// Frames may follow each other.
		out[codec] = bytes.Repeat(frame, min((limit-100)/len(frame), 64))
	}
	return out
}

// produceRaw writes a batch as it stands.
func produceRaw(t *testing.T, client *kgo.Client, topic kadm.CreateTopicResponse, codec kgo.CompressionCodecType, data []byte) {
	t.Helper()
	b := kmsg.RecordBatch{
		PartitionLeaderEpoch: -1, Magic: 2, Attributes: int16(codec), ProducerID: -1, ProducerEpoch: -1, FirstSequence: -1, NumRecords: 1, Records: data,
	}
	raw := b.AppendTo(nil)
	b.Length = int32(len(raw) - 12)
	b.CRC = int32(crc32.Checksum(raw[21:], crc32.MakeTable(crc32.Castagnoli)))
	p := kmsg.NewProduceRequestTopicPartition()
	p.Records = b.AppendTo(nil)
	rt := kmsg.NewProduceRequestTopic()
	rt.Topic, rt.TopicID, rt.Partitions = topic.Topic, topic.ID, []kmsg.ProduceRequestTopicPartition{p}
	req := kmsg.NewPtrProduceRequest()
	req.Acks, req.TimeoutMillis, req.Topics = -1, 10_000, []kmsg.ProduceRequestTopic{rt}
	resp, err := req.RequestWith(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	if code := resp.Topics[0].Partitions[0].ErrorCode; code != 0 {
		t.Fatalf("the broker refuses the batch: %d", code)
	}
}

// A batch that would fill the memory once it is decompressed fails the task that
// reads it, and says which it is and how to go on. It takes no memory, and the
// worker and its other tasks go on.
func TestZipBombs(t *testing.T) {
	c := cluster(t)
	p := &plant{}
	o := options(c, p)
	o.Defaults["task.max.batch.bytes"] = "1048576"
	h := runWith(t, p, o)
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.DisableClientMetrics())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	specs := []TaskSpec{h.bind(t, source("in")), h.bind(t, sink("out"))}
	all := bombs(t)
	for codec, data := range all {
		topic := "bomb-" + strconv.Itoa(int(codec))
		created, err := kadm.NewClient(client).CreateTopic(t.Context(), 1, 1, nil, topic)
		if err != nil {
			t.Fatal(err)
		}
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: []byte("before")}).FirstErr(); err != nil {
			t.Fatal(err)
		}
		produceRaw(t, client, created, codec, data)
		s := sink(topic)
		s.Config["topics"] = topic
		specs = append(specs, h.bind(t, s))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	h.Assign(specs)
	for codec := range all {
		topic := "bomb-" + strconv.Itoa(int(codec))
		s := h.await(t, topic, task.Failed)
		want := `reading partition 0 of topic "` + topic + `": the batch of records at offset 1 is larger than the 1048576 bytes of task.max.batch.bytes once it is decompressed: ` +
			"raise that in the worker's config, or set the connector's offset of the partition to 2, which leaves the batch out"
		if !strings.Contains(s.Error, want) {
			t.Errorf("codec %d: the error is %q", codec, s.Error)
		}
	}
	eventually(t, "the other connectors go on", func() bool { return len(h.seen()) >= 10 })
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 192<<20 {
		t.Errorf("%d MiB were allocated", used>>20)
	}
}
