package evidence

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// packed is how numbers that are no table stand in a document: what Codec writes,
// with its layout.
type packed struct {
	Fields string `json:"fields"`
	Bytes  string `json:"bytes"`
}

// Pack writes e, which must be free of pointers, as JSON that Unpack reads, also
// when a later version has other fields.
func Pack[E any](e *E) (json.RawMessage, error) {
	codec, err := NewCodec[E]()
	if err != nil {
		return nil, err
	}
	return json.Marshal(packed{Fields: codec.Layout(), Bytes: base64.StdEncoding.EncodeToString(codec.Append(nil, e))})
}

// Unpack reads what Pack wrote. Fields that it does not name stay as they are.
func Unpack[E any](raw json.RawMessage, e *E) error {
	codec, err := NewCodec[E]()
	if err != nil {
		return err
	}
	var p packed
	if err := json.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("reading packed numbers: %w", err)
	}
	reader, err := codec.Reader(p.Fields)
	if err != nil {
		return err
	}
	b, err := base64.StdEncoding.DecodeString(p.Bytes)
	if err != nil || len(b) != reader.Size() {
		return fmt.Errorf("reading packed numbers: %d bytes instead of %d", len(b), reader.Size())
	}
	reader.Read(b, e)
	return nil
}
