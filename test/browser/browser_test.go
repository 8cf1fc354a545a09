// SPDX-License-Identifier: Apache-2.0

package browser

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// pages are the report of the demo, and those that the tests of pkg/report wrote: of hostile
// text, and of thousands of workloads.
func pages(t *testing.T) []string {
	t.Helper()
	folder := os.Getenv("REPORT_PAGES")
	made, err := filepath.Glob(filepath.Join(folder, "*.html"))
	if err != nil || len(made) < 2 {
		t.Fatalf("no pages in REPORT_PAGES=%q: run make browser-test", folder)
	}
	sample, err := filepath.Abs("../../docs/sample-report.html")
	if err != nil {
		t.Fatal(err)
	}
	return append(made, sample)
}

// open starts a browser.
func open(t *testing.T) context.Context {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		program, err = exec.LookPath("google-chrome")
	}
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.WSURLReadTimeout(2*time.Minute))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// A visit is a page in a tab of its own, and what it did there.
type visit struct {
	context.Context

	mu                   sync.Mutex
	requests, complaints []string
}

func newVisit(t *testing.T, browser context.Context) *visit {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	v := &visit{Context: ctx}
	listen := chromedp.Listen(ctx, func(event any) {
		v.mu.Lock()
		defer v.mu.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			v.requests = append(v.requests, e.Request.URL)
		case *log.EventEntryAdded: // what the Content-Security-Policy refuses is one
			v.complaints = append(v.complaints, e.Entry.Text)
		case *runtime.EventExceptionThrown:
			v.complaints = append(v.complaints, e.ExceptionDetails.Text)
		case *page.EventJavascriptDialogOpening:
			v.complaints = append(v.complaints, "a dialog: "+e.Message)
		}
	})
	if listen != nil {
		t.Fatal(listen)
	}
	return v
}

// load opens a file in a window of a width, in the dark or not.
func (v *visit) load(t *testing.T, file string, width int64, scheme string) {
	t.Helper()
	address := (&url.URL{Scheme: "file", Path: file}).String()
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	err := chromedp.Do(v, command(network.Enable, network.EnableParams{}), command(log.Enable, cdp.Empty{}),
		command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}),
		chromedp.EmulateViewport(width, 900), chromedp.Navigate(address))
	if err != nil {
		t.Fatal(err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.requests) != 1 || v.requests[0] != address {
		t.Errorf("asked for %q, want the page alone", v.requests)
	}
	if len(v.complaints) > 0 {
		t.Errorf("the browser complains: %q", v.complaints)
	}
}

// command is an action that sends a command to the tab.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, c, params)
		return err
	})
}

// ask evaluates an expression in the page. The page's Content-Security-Policy stays in force.
func ask[T any](t *testing.T, v *visit, expression string) T {
	t.Helper()
	answer, err := chromedp.Run(v, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// A report asks for nothing, runs nothing, fits a wide screen and a telephone, and axe finds
// nothing in it, in light and in dark.
func TestReportsInABrowser(t *testing.T) {
	axe, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("%v: run make browser-test", err)
	}
	browser := open(t)
	for _, file := range pages(t) {
		name := strings.TrimSuffix(filepath.Base(file), ".html")
		widths, schemes := []int64{1280, 390}, []string{"light", "dark"}
		if strings.HasPrefix(name, "hostile") { // there are many, which differ in texts
			widths, schemes = widths[1:], schemes[:1]
		}
		for _, width := range widths {
			for _, scheme := range schemes {
				t.Run(fmt.Sprintf("%s/%d/%s", name, width, scheme), func(t *testing.T) {
					v := newVisit(t, browser)
					v.load(t, file, width, scheme)
					v.inspect(t)
					if name == "many" {
						return // axe would look at it for minutes
					}
					found := ask[[]string](t, v, string(axe)+`; axe.run().then(r => r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.map(n => n.target.join(" ")).slice(0, 3).join(", ")))`)
					if len(found) > 0 {
						t.Errorf("axe found:\n%s", strings.Join(found, "\n"))
					}
				})
			}
		}
	}
}

// inspect fails if a page has what could run or load something, is too wide, or has no verdict.
func (v *visit) inspect(t *testing.T) {
	t.Helper()
	if n := ask[int](t, v, `document.querySelectorAll("script, iframe, object, embed, img, link, form").length`); n > 0 {
		t.Errorf("%d elements that could run or load something", n)
	}
	if over := ask[int](t, v, `document.scrollingElement.scrollWidth - innerWidth`); over > 0 {
		t.Errorf("%d pixels wider than the window", over)
	}
	if !regexp.MustCompile(`DONE|FAILED|PENDING|UNKNOWN`).MatchString(ask[string](t, v, `document.body.innerText`)) {
		t.Error("no verdict")
	}
}

// A report prints on A4.
func TestReportsOnPaper(t *testing.T) {
	browser := open(t)
	for _, file := range pages(t) {
		if name := filepath.Base(file); name == "many.html" || strings.HasPrefix(name, "hostile-1") {
			continue // hundreds of sheets, or like the others
		}
		v := newVisit(t, browser)
		v.load(t, file, 1280, "dark")
		pdf, err := chromedp.Run(v, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4), chromedp.PDFPreferCSSPageSize(), chromedp.PDFPrintBackground()))
		if err != nil {
			t.Fatal(err)
		}
		sheets := regexp.MustCompile(`/MediaBox ?\[0 0 (\d+)(?:\.\d+)? (\d+)(?:\.\d+)?\]`).FindAllSubmatch(pdf, -1)
		if len(sheets) == 0 || len(sheets) > 12 {
			t.Errorf("%s: %d sheets", filepath.Base(file), len(sheets))
		}
		for _, s := range sheets {
			if got := string(s[1]) + "x" + string(s[2]); got != "595x841" && got != "594x841" && got != "595x842" && got != "594x842" {
				t.Errorf("%s: a sheet of %s points, want A4", filepath.Base(file), got)
			}
		}
	}
}
