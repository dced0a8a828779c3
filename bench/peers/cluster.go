// SPDX-License-Identifier: MIT
// cluster.go PORT SECONDS - the look-ups of examples/cluster.c with goroutines.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

type node struct {
	ID int `json:"node_id"`
}

type device struct {
	ID int `json:"switch_id"`
}

type cluster struct {
	ID       int      `json:"cluster_id"`
	Nodes    []node   `json:"nodes"`
	Switches []device `json:"switches"`
}

type envelope struct {
	Code    int       `json:"error_code"`
	Message string    `json:"message"`
	Data    []cluster `json:"data"`
}

func main() {
	seconds, err := strconv.ParseFloat(os.Args[2], 64)
	if err != nil {
		log.Fatal(err)
	}
	lookup := time.Duration(seconds * float64(time.Second))
	http.HandleFunc("/tasks", func(w http.ResponseWriter, r *http.Request) {
		data := make([]cluster, 4)
		var all sync.WaitGroup
		for i := range data {
			data[i] = cluster{i + 1, make([]node, 4), make([]device, 4)}
			for j := 0; j < 4; j++ {
				all.Add(2)
				go func(c *cluster, j int) {
					defer all.Done()
					time.Sleep(lookup)
					c.Nodes[j].ID = j + 1
				}(&data[i], j)
				go func(c *cluster, j int) {
					defer all.Done()
					time.Sleep(lookup)
					c.Switches[j].ID = j + 1
				}(&data[i], j)
			}
		}
		all.Wait()
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		json.NewEncoder(w).Encode(envelope{0, "", data})
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
