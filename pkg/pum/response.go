// SPDX-License-Identifier: Apache-2.0

package pum

// A Response is what the service last answered to PUM, as lastResponse says.
// A field is nil if the answer does not have it, or not of this type.
type Response struct {
	Status    *int64  `json:"status"`    // 200 goes with PROCESSED, 250 with PARTIALLY_PROCESSED
	Message   *string `json:"message"`   // the words of the service
	Done      *int64  `json:"done"`      // data.result.done: of the last iteration, not of all
	Remaining *int64  `json:"remaining"` // data.result.remaining: what is left to do
}

// responseOf reads a lastResponse, nil if it is not an object of JSON.
func responseOf(text *string) *Response {
	if text == nil {
		return nil
	}
	r := responseReader{jsonReader: jsonReader{text: *text}}
	if !r.members(r.top) || !r.atEnd() {
		return nil
	}
	return &r.Response
}

// A responseReader picks the fields of a response where they stand:
//
//	{"status":250,"message":"Unknown","data":{"result":{"done":0,"remaining":2}}}
type responseReader struct {
	jsonReader
	Response
}

func (r *responseReader) top(key string) bool {
	switch key {
	case "status":
		return r.integer(&r.Status)
	case "message":
		return r.string(&r.Message)
	case "data":
		return r.within(r.data)
	}
	return r.skip(0)
}

func (r *responseReader) data(key string) bool {
	if key == "result" {
		return r.within(r.result)
	}
	return r.skip(0)
}

func (r *responseReader) result(key string) bool {
	switch key {
	case "done":
		return r.integer(&r.Done)
	case "remaining":
		return r.integer(&r.Remaining)
	}
	return r.skip(0)
}

// within reads an object, and steps over what is none.
func (r *responseReader) within(visit func(key string) bool) bool {
	r.space()
	if r.pos < len(r.text) && r.text[r.pos] == '{' {
		return r.members(visit)
	}
	return r.skip(0)
}
