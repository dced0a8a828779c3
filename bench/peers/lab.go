// SPDX-License-Identifier: MIT
// lab.go PORT UPSTREAM - the work of examples/lab with goroutines.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
)

const (
	lookUps = 32
	lookUp  = 50 * time.Millisecond
	delay   = time.Second
	burn    = 10 * time.Millisecond
)

var client = &http.Client{Transport: &http.Transport{
	MaxIdleConns: 100, MaxIdleConnsPerHost: 100, MaxConnsPerHost: 100,
	DisableCompression: true,
}}

func fetch(url string) ([]byte, error) {
	answer, err := client.Get(url)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return io.ReadAll(answer.Body)
}

// Of this thread, on which the goroutine has to stay meanwhile.
func cpuTime() time.Duration {
	const thread = 1
	var used syscall.Rusage
	syscall.Getrusage(thread, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func handle(path string, work func() ([]byte, error)) {
	http.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		body, err := work()
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write(body)
	})
}

func main() {
	handle("/hello/task", func() ([]byte, error) { return []byte("Hello, world\n"), nil })
	handle("/delay/task", func() ([]byte, error) {
		time.Sleep(delay)
		return []byte("slept\n"), nil
	})
	handle("/fetch/task", func() ([]byte, error) { return fetch(os.Args[2]) })
	handle("/cluster/task", func() ([]byte, error) {
		var all sync.WaitGroup
		all.Add(lookUps)
		for i := 0; i < lookUps; i++ {
			go func() {
				defer all.Done()
				time.Sleep(lookUp)
			}()
		}
		all.Wait()
		return []byte(fmt.Sprintf("%d found\n", lookUps)), nil
	})
	handle("/burn/task", func() ([]byte, error) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for end := cpuTime() + burn; cpuTime() < end; {
		}
		return []byte("burnt\n"), nil
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
