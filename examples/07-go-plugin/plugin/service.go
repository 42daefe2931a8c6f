package main

import (
	"context"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	events "troupe/events/v1"
)

const (
	// window is how far the host may run ahead of the handler.
	window = 2048
	// answerEvery is the longest that what is done stays untold while more of a batch is handled.
	answerEvery = 20 * time.Millisecond
)

// session is what Deliver knows of the numbers of one session. Its streams come and go.
type session struct {
	name    string
	settled uint64
	// results are those that say more than "done" and that the host has not confirmed.
	results []*events.EventResult
}

// eventService has the three forms. All of them lead to one dispatcher.
type eventService struct {
	events.UnimplementedEventServiceServer
	options    options
	dispatcher *dispatcher
	host       *hostChannel
	mutex      sync.Mutex
	session    *session
}

func newEventService(options options, dispatcher *dispatcher, host *hostChannel) *eventService {
	return &eventService{options: options, dispatcher: dispatcher, host: host}
}

// Deliver answers the first message at once, and then each one when its events are done with.
func (s *eventService) Deliver(stream events.EventService_DeliverServer) error {
	if !s.options.forms["deliver"] {
		return s.UnimplementedEventServiceServer.Deliver(stream)
	}
	request, err := stream.Recv()
	if err != nil {
		return err
	}
	if request.Start == nil || request.Start.NextSequence == 0 {
		return status.Error(codes.InvalidArgument, "the first message has no start, or one without a number")
	}
	session := s.join(request.Start)
	answers := &answers{service: s, session: session, stream: stream, told: request.Start.NextSequence - 1}
	if err := answers.send(); err != nil {
		return err
	}
	for {
		if err := s.deliver(stream.Context(), request, answers); err != nil {
			return err
		}
		if request, err = stream.Recv(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// join finds the session that a stream belongs to. Another name than the last one's begins anew.
func (s *eventService) join(start *events.DeliverStart) *session {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.session == nil || s.session.name != start.Session {
		s.session = &session{name: start.Session}
	}
	// What the host knows more may have come by HandleEvent in between.
	if before := start.NextSequence - 1; before > s.session.settled {
		s.session.settled = before
	}
	return s.session
}

func (s *eventService) deliver(ctx context.Context, request *events.DeliverRequest, answers *answers) error {
	answers.forget(request.ResultsReceived)
	for index, event := range request.Events {
		sequence := request.FirstSequence + uint64(index)
		err := s.dispatcher.run(ctx, event, func(result *events.EventResult) { answers.settle(sequence, result) })
		if err != nil {
			return err
		}
		if time.Since(answers.sentAt) >= answerEvery {
			if err := answers.send(); err != nil {
				return err
			}
		}
	}
	if len(request.Events) == 0 {
		return nil
	}
	return answers.send()
}

// answers are the messages of one Deliver stream.
type answers struct {
	service *eventService
	session *session
	stream  events.EventService_DeliverServer
	// told is the highest number whose result this stream has carried.
	told   uint64
	sentAt time.Time
}

func (a *answers) settle(sequence uint64, result *events.EventResult) {
	a.service.mutex.Lock()
	defer a.service.mutex.Unlock()
	if sequence <= a.session.settled {
		return
	}
	a.session.settled = sequence
	if result.Error != nil || len(result.Emitted) > 0 {
		a.session.results = append(a.session.results, &events.EventResult{
			Sequence: sequence, EventId: result.EventId, Emitted: result.Emitted, Error: result.Error,
		})
	}
}

func (a *answers) forget(upTo uint64) {
	a.service.mutex.Lock()
	defer a.service.mutex.Unlock()
	for len(a.session.results) > 0 && a.session.results[0].Sequence <= upTo {
		a.session.results = a.session.results[1:]
	}
}

func (a *answers) send() error {
	a.service.mutex.Lock()
	answer := &events.DeliverResponse{Settled: a.session.settled, SendLimit: a.session.settled + window}
	for _, result := range a.session.results {
		if result.Sequence > a.told {
			answer.Results = append(answer.Results, result)
		}
	}
	a.told = answer.Settled
	a.service.mutex.Unlock()
	a.sentAt = time.Now()
	return a.stream.Send(answer)
}

// StreamEvents reports each result to the host, and counts what it has taken in.
func (s *eventService) StreamEvents(stream events.EventService_StreamEventsServer) error {
	if !s.options.forms["stream"] {
		return s.UnimplementedEventServiceServer.StreamEvents(stream)
	}
	reporter := s.host.startReporter()
	defer reporter.finish()
	for received := uint64(0); ; received++ {
		request, err := stream.Recv()
		if err == io.EOF {
			return stream.SendAndClose(&events.StreamEventsResponse{Received: received})
		}
		if err != nil {
			return err
		}
		err = s.dispatcher.run(stream.Context(), request.Event, func(result *events.EventResult) {
			reporter.results <- &events.EventResult{
				Sequence: request.Sequence, EventId: result.EventId, Emitted: result.Emitted, Error: result.Error,
			}
		})
		if err != nil {
			return err
		}
	}
}

// HandleEvent handles one event.
func (s *eventService) HandleEvent(
	ctx context.Context, request *events.HandleEventRequest,
) (*events.HandleEventResponse, error) {
	if !s.options.forms["unary"] {
		return s.UnimplementedEventServiceServer.HandleEvent(ctx, request)
	}
	answer := &events.HandleEventResponse{}
	err := s.dispatcher.run(ctx, request.Event, func(result *events.EventResult) {
		answer.Emitted, answer.Error = result.Emitted, result.Error
	})
	return answer, err
}
