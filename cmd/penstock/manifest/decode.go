// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package manifest

import (
	"errors"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// header is what every document has.
type header struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        struct {
		Name string `json:"name"`
	} `json:"metadata"`
}

// decode reads the document into out and refuses what out does not know, naming
// every unknown or repeated field with its path.
func (d document) decode(out any) error {
	text, err := yaml.YAMLToJSONStrict(d.data)
	if err != nil {
		return plainer(err)
	}
	strict, err := kjson.UnmarshalStrict(text, out)
	if err != nil {
		return plainer(err)
	}
	return errors.Join(strict...)
}

// head reads what kind of document it is.
func (d document) head() (header, error) {
	var h header
	text, err := yaml.YAMLToJSON(d.data)
	if err != nil {
		return h, plainer(err)
	}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(text, &h); err != nil {
		return h, plainer(err)
	}
	if h.Kind == "" || h.APIVersion == "" {
		return h, errors.New("apiVersion and kind must be set")
	}
	return h, nil
}

// plainer takes the names of parsers out of an error's text.
func plainer(err error) error {
	text := err.Error()
	for _, prefix := range []string{"error converting YAML to JSON: ", "json: ", "yaml: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return fmt.Errorf("the document cannot be read: %s", text)
}
