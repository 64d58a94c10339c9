package main

import "fmt"

func startServer(o *options) error {
	return fmt.Errorf("not yet")
}
