// Command once runs a workflow to its end in this process.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"workflows/useronboarding/server"
	"workflows/useronboarding/steps"

	"github.com/truongtu268/magic-flow/runtime/go/client"
	mf "github.com/truongtu268/magic-flow/runtime/go/types"
)

func main() {
	input, err := mf.Example(mf.Of[server.Input](), os.Args[1])
	if err != nil {
		panic(err)
	}
	output, err := server.Run(context.Background(), input, steps.New().Executor().Executor)
	var failed *client.RunFailed
	if errors.As(err, &failed) {
		fmt.Println(failed.Status, failed.Code)
		return
	}
	if err != nil {
		panic(err)
	}
	text, err := mf.Of[server.Output]().Encode(*output)
	if err != nil {
		panic(err)
	}
	fmt.Println("completed", string(text))
}
