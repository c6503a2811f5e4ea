// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// The limits of a connection: a client that sends or reads slowly holds only
// itself up. An answer may take as long as a request, and be sent after it.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 30 * time.Second
	writeTimeout  = requestTimeout + 30*time.Second
	idleTimeout   = 30 * time.Second
	maxHeader     = 16 << 10
	stopTimeout   = 5 * time.Second
)

// Server serves an API on its listeners.
type Server struct {
	servers   []*http.Server
	addresses []string
	wg        sync.WaitGroup
}

// Listen serves until Close. An error says which address cannot be had; then
// nothing is served.
func Listen(a *API, c Config, log *slog.Logger) (*Server, error) {
	s := &Server{}
	which := AllRoutes
	if c.AdminApart {
		which = PublicRoutes
	}
	err := s.listen(c.Listeners, c.wrap(a.Handler(which)), log)
	if err == nil && c.AdminApart {
		err = s.listen(c.Admin, c.guarded(a.Handler(AdminRoutes)), log)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// wrap puts what users have configured around the routes.
func (c Config) wrap(h http.Handler) http.Handler {
	h = c.guarded(h)
	if len(c.Origins) > 0 {
		h = cors(c.Origins, c.Methods, h)
	}
	if len(c.Headers) > 0 {
		h = withHeaders(c.Headers, h)
	}
	return h
}

func (c Config) guarded(h http.Handler) http.Handler {
	if c.Users != nil {
		return c.Users.guard(h)
	}
	return h
}

func (s *Server) listen(listeners []Listener, h http.Handler, log *slog.Logger) error {
	for _, l := range listeners {
		listener, err := net.Listen("tcp", l.Address)
		if err != nil {
			return fmt.Errorf("listening for the REST API on %s: %w", l.Address, err)
		}
		s.addresses = append(s.addresses, listener.Addr().String())
		if l.TLS != nil {
			listener = tls.NewListener(listener, l.TLS)
		}
		server := &http.Server{
			Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
			IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		}
		s.servers = append(s.servers, server)
		s.wg.Go(func() {
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				log.Error("serving the REST API has ended", "address", l.Address, "error", err)
			}
		})
	}
	return nil
}

// Addresses returns the addresses that are listened on, those of admin.listeners
// last.
func (s *Server) Addresses() []string { return s.addresses }

// Close lets requests that are under way finish, for some seconds, and ends.
func (s *Server) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	for _, server := range s.servers {
		if err := server.Shutdown(ctx); err != nil {
			_ = server.Close() // it ends either way
		}
	}
	s.wg.Wait()
}
