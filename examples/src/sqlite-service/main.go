// notesd keeps short notes over HTTP, in an SQLite database in its data folder.
//
//	POST /notes        body = the note's text      201, the note as JSON
//	GET  /notes?q=word newest first, 100 at most   200, a JSON array
//	GET  /notes/7                                  200, one note, or 404
//	DELETE /notes/7                                204, or 404
//	GET  /healthz      the engine's own version    200
package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"
)

const (
	maxNote = 64 << 10
	schema  = `create table if not exists note (
		id integer primary key,
		made text not null,
		body text not null);
	create index if not exists note_made on note (made)`
)

type note struct {
	ID   int64  `json:"id"`
	Made string `json:"made"`
	Body string `json:"body"`
}

type service struct{ db *sql.DB }

func main() {
	listen := flag.String("listen", ":8080", "address to listen on")
	data := flag.String("data", "/data", "folder of the database")
	flag.Parse()

	db, err := sql.Open("sqlite3", filepath.Join(*data, "notes.db")+"?_journal=WAL&_busy_timeout=5000")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := db.Exec(schema); err != nil {
		log.Fatal(err)
	}
	s := service{db}
	http.HandleFunc("/notes", s.notes)
	http.HandleFunc("/notes/", s.note)
	http.HandleFunc("/healthz", health)
	server := http.Server{Addr: *listen, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

func health(w http.ResponseWriter, _ *http.Request) {
	version, number, _ := sqlite3.Version()
	fmt.Fprintf(w, "ok sqlite %s %d\n", version, number)
}

func (s service) notes(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		s.list(w, r.URL.Query().Get("q"))
	case http.MethodPost:
		s.add(w, r)
	default:
		http.Error(w, "GET or POST", http.StatusMethodNotAllowed)
	}
}

func (s service) add(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxNote))
	if err != nil {
		http.Error(w, "a note has at most 64 KiB", http.StatusRequestEntityTooLarge)
		return
	}
	n := note{Made: time.Now().UTC().Format(time.RFC3339Nano), Body: string(body)}
	done, err := s.db.Exec("insert into note (made, body) values (?, ?)", n.Made, n.Body)
	if err != nil {
		fail(w, err)
		return
	}
	n.ID, _ = done.LastInsertId()
	reply(w, http.StatusCreated, n)
}

func (s service) list(w http.ResponseWriter, word string) {
	rows, err := s.db.Query(
		"select id, made, body from note where instr(body, ?) > 0 or ? = '' order by made desc limit 100", word, word)
	if err != nil {
		fail(w, err)
		return
	}
	defer rows.Close()
	found := []note{}
	for rows.Next() {
		var n note
		if err := rows.Scan(&n.ID, &n.Made, &n.Body); err != nil {
			fail(w, err)
			return
		}
		found = append(found, n)
	}
	if err := rows.Err(); err != nil {
		fail(w, err)
		return
	}
	reply(w, http.StatusOK, found)
}

func (s service) note(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(strings.TrimPrefix(r.URL.Path, "/notes/"), 10, 64)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	switch r.Method {
	case http.MethodGet:
		n := note{ID: id}
		err := s.db.QueryRow("select made, body from note where id = ?", id).Scan(&n.Made, &n.Body)
		if errors.Is(err, sql.ErrNoRows) {
			http.NotFound(w, r)
		} else if err != nil {
			fail(w, err)
		} else {
			reply(w, http.StatusOK, n)
		}
	case http.MethodDelete:
		done, err := s.db.Exec("delete from note where id = ?", id)
		if err != nil {
			fail(w, err)
		} else if gone, _ := done.RowsAffected(); gone == 0 {
			http.NotFound(w, r)
		} else {
			w.WriteHeader(http.StatusNoContent)
		}
	default:
		http.Error(w, "GET or DELETE", http.StatusMethodNotAllowed)
	}
}

func reply(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(value)
}

func fail(w http.ResponseWriter, err error) {
	log.Print(err)
	http.Error(w, "the database failed", http.StatusInternalServerError)
}
