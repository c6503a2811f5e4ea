// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

//go:build e2e

package e2e

import "fmt"

// volumeManifest gives a namespace a claim on a folder of this machine.
func volumeManifest(ns, dir string) string {
	return fmt.Sprintf(`
apiVersion: v1
kind: PersistentVolume
metadata: {name: %[1]s-files}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteMany]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: ""
  claimRef: {namespace: %[1]s, name: files}
  hostPath: {path: %[2]s, type: Directory}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: files, namespace: %[1]s}
spec:
  accessModes: [ReadWriteMany]
  storageClassName: ""
  volumeName: %[1]s-files
  resources: {requests: {storage: 1Gi}}
`, ns, dir)
}

func clusterManifest(ns, bootstrap string, workers int) string {
	return fmt.Sprintf(`
apiVersion: connect.penstock.dev/v1alpha1
kind: ConnectCluster
metadata: {name: main, namespace: %s}
spec:
  kafka: {bootstrapServers: ["%s"]}
  replicas: %d
  config: {key.converter: string, value.converter: string, offset.flush.interval.ms: 1000}
  resources:
    requests: {cpu: 50m, memory: 64Mi}
    limits: {memory: 256Mi}
  podTemplate:
    volumes: [{name: files, persistentVolumeClaim: {claimName: files}}]
    volumeMounts: [{name: files, mountPath: /files}]
`, ns, bootstrap, workers)
}

func fileSource(ns, name, file, topic string) string {
	return connectorManifest(ns, name, "FileStreamSource", 1, fmt.Sprintf("{file: %s, topic: %s}", file, topic))
}

func fileSink(ns, name, file, topic string, tasks int) string {
	return connectorManifest(ns, name, "org.apache.kafka.connect.file.FileStreamSinkConnector", tasks,
		fmt.Sprintf("{file: %s, topics: %s}", file, topic))
}

func connectorManifest(ns, name, class string, tasks int, config string) string {
	return fmt.Sprintf(`
apiVersion: connect.penstock.dev/v1alpha1
kind: Connector
metadata: {name: %s, namespace: %s}
spec:
  clusterRef: {name: main}
  class: %s
  tasksMax: %d
  config: %s
`, name, ns, class, tasks, config)
}
