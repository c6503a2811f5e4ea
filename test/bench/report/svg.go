// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package report

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// Sizes of plots, in pixels.
const (
	plotWidth = 760
	labelSize = 230
	valueSize = 150
	rowHeight = 26
	plotTop   = 44
)

const svgHead = `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" font-family="sans-serif" font-size="12">
<rect width="%[1]d" height="%[2]d" fill="#ffffff"/>
<text x="10" y="20" font-size="14" font-weight="bold" fill="#222">%[3]s</text>
`

// Ratios draws the ratios of one measure as bars, with the spread of the rounds
// and the goals; "" if there are none.
func Ratios(title, measure string, results []Result) string {
	var rows []Result
	top := 1.0
	for _, r := range results {
		if r.Measure != measure || r.Ratio == nil {
			continue
		}
		rows = append(rows, r)
		top = max(top, *r.Ratio, r.Spread[1])
		if r.Goal != nil {
			top = max(top, *r.Goal)
		}
	}
	if len(rows) == 0 || math.IsInf(top, 0) || math.IsNaN(top) {
		return ""
	}
	var out strings.Builder
	height := plotTop + rowHeight*len(rows) + 16
	fmt.Fprintf(&out, svgHead, plotWidth, height, html.EscapeString(title))
	scale := float64(plotWidth-labelSize-valueSize) / top
	for i, r := range rows {
		ratioRow(&out, r, plotTop+rowHeight*i, scale)
	}
	x := labelSize + scale
	fmt.Fprintf(&out, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#999" stroke-dasharray="3 3"/>`+"\n", x, plotTop-8, x, height-8)
	fmt.Fprintf(&out, `<text x="%.1f" y="%d" fill="#777" text-anchor="middle">as the peer</text>`+"\n", x, plotTop-12)
	out.WriteString("</svg>\n")
	return out.String()
}

// colour tells peers apart.
func colour(against string) string {
	switch against {
	case "kafka-connect":
		return "#3b76b5"
	case "kafka-connect-tuned":
		return "#7fa8d3"
	default:
		return "#c98a3a"
	}
}

func ratioRow(out *strings.Builder, r Result, y int, scale float64) {
	middle := y + rowHeight/2
	fmt.Fprintf(out, `<text x="%d" y="%d" text-anchor="end" fill="#222">%s</text>`+"\n", labelSize-8, middle+4, html.EscapeString(r.ID+" / "+r.Against))
	fmt.Fprintf(out, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", labelSize, y+4, *r.Ratio*scale, rowHeight-8, colour(r.Against))
	fmt.Fprintf(out, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#222"/>`+"\n", labelSize+r.Spread[0]*scale, middle, labelSize+r.Spread[1]*scale, middle)
	end := labelSize + max(*r.Ratio, r.Spread[1])*scale
	label := "× " + Number(*r.Ratio)
	if r.Goal != nil {
		x := labelSize + *r.Goal*scale
		fmt.Fprintf(out, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#c0392b" stroke-width="2"/>`+"\n", x, y+1, x, y+rowHeight-1)
		end = max(end, x)
		label += " (goal " + Number(*r.Goal) + ")"
	}
	fmt.Fprintf(out, `<text x="%.1f" y="%d" fill="#222">%s</text>`+"\n", end+6, middle+4, label)
}

// Growth draws series over a logarithmic axis; "" if there are none.
func Growth(title, name string, all []Series) string {
	var rows []Series
	top := 0.0
	for _, s := range all {
		if s.Name != name || len(s.Points) == 0 {
			continue
		}
		rows = append(rows, s)
		for _, p := range s.Points {
			top = max(top, p.Y)
		}
	}
	if len(rows) == 0 || top == 0 {
		return ""
	}
	const height, left, bottom = 320, 80, 280
	var out strings.Builder
	fmt.Fprintf(&out, svgHead, plotWidth, height, html.EscapeString(title))
	span := math.Log10(largest(rows))
	x := func(v float64) float64 { return left + math.Log10(v)/max(span, 1)*(plotWidth-left-valueSize) }
	y := func(v float64) float64 { return bottom - v/top*(bottom-plotTop-10) }
	fmt.Fprintf(&out, `<path d="M%d %d V%d H%d" fill="none" stroke="#999"/>`+"\n", left, plotTop, bottom, plotWidth-valueSize)
	fmt.Fprintf(&out, `<text x="%d" y="%.1f" text-anchor="end" fill="#222">%s %s</text>`+"\n", left-6, y(top)+4, Number(top), rows[0].Unit)
	for i, s := range rows {
		growthLine(&out, s, []string{"#3b76b5", "#c98a3a", "#5a9a5a"}[i%3], x, y)
	}
	for _, p := range rows[0].Points {
		fmt.Fprintf(&out, `<text x="%.1f" y="%d" text-anchor="middle" fill="#222">%s</text>`+"\n", x(p.X), bottom+18, Number(p.X))
	}
	fmt.Fprintf(&out, `<text x="%d" y="%d" text-anchor="middle" fill="#777">%s</text>`+"\n", (left+plotWidth-valueSize)/2, bottom+34, html.EscapeString(rows[0].Of))
	out.WriteString("</svg>\n")
	return out.String()
}

func largest(rows []Series) float64 {
	v := 1.0
	for _, s := range rows {
		for _, p := range s.Points {
			v = max(v, p.X)
		}
	}
	return v
}

func growthLine(out *strings.Builder, s Series, colour string, x, y func(float64) float64) {
	var points []string
	for _, p := range s.Points {
		points = append(points, fmt.Sprintf("%.1f,%.1f", x(p.X), y(p.Y)))
		fmt.Fprintf(out, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", x(p.X), y(p.Y), colour)
	}
	fmt.Fprintf(out, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.Join(points, " "), colour)
	last := s.Points[len(s.Points)-1]
	fmt.Fprintf(out, `<text x="%.1f" y="%.1f" fill="%s">%s</text>`+"\n", x(last.X)+8, y(last.Y)+4, colour, html.EscapeString(s.ID))
}
