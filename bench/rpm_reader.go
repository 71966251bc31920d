// Prints "name version" of every package of an RPM database, with the library that Syft and Trivy use; for
// rpm_databases.py:  go mod init x; go get github.com/knqyf263/go-rpmdb@v0.1.1 modernc.org/sqlite; go build -o go-rpmdb .
package main

import (
	"fmt"
	"os"

	rpmdb "github.com/knqyf263/go-rpmdb/pkg"
	_ "modernc.org/sqlite"
)

func main() {
	database, err := rpmdb.Open(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	packages, err := database.ListPackages()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, p := range packages {
		epoch := ""
		if p.Epoch != nil && *p.Epoch != 0 {
			epoch = fmt.Sprint(*p.Epoch, ":")
		}
		fmt.Printf("%s %s%s-%s\n", p.Name, epoch, p.Version, p.Release)
	}
}
