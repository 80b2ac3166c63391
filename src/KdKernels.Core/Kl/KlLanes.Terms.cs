namespace KdKernels.Core;

/// <summary>The parts of a group of rows beside the tempered divergence, and its results.</summary>
internal unsafe partial class KlLanes<TVector, TElement>
{
    private bool HasHardGradient => Problem.StudentGradient is not null && Problem.CrossEntropyWeight != 0;

    private void CrossEntropy(in LaneGroup<TElement> group, LaneRow* rows, in LaneBuffers<TElement> buffers)
    {
        TVector largest = LogitKernels<TVector, TElement>.Largest(Walk(group, 0, (int)Classes));
        for (int lane = 0; lane < TVector.Width; lane++) rows[lane].ExpSum = 0;
        for (long at = 0; at < Classes; at += BlockSize)
        {
            TVector sum = LogitKernels<TVector, TElement>.SumExp(
                Walk(group, at, (int)Math.Min(BlockSize, Classes - at)),
                largest,
                HasHardGradient ? buffers.Exp + (at * TVector.Width) : null);
            TVector.Store(buffers.Lane(0), sum);
            for (int lane = 0; lane < group.Lanes; lane++) rows[lane].ExpSum += Memory.Get(buffers.Lane(0) + lane);
        }

        TVector.Store(buffers.Lane(0), largest);
        for (int lane = 0; lane < group.Lanes; lane++)
        {
            ref LaneRow row = ref rows[lane];
            if (!row.IsValid) continue;
            long label = Problem.Label(group.FirstRow + lane);
            double scale = Problem.CrossEntropyWeight * row.Upstream * WeightOf(label);
            double top = Memory.Get(buffers.Lane(0) + lane);
            double atLabel = Memory.Get(group.Student + lane + (label * Problem.Student.ElementStride));
            row.Hard = new CrossEntropyRow
            {
                Label = label,
                Largest = top,
                Value = WeightOf(label) * (Math.Log(row.ExpSum) + (top - atLabel)),
                HasGradient = HasHardGradient,
                GradientScale = scale / row.ExpSum,
                LabelGradient = scale,
            };
        }
    }

    private void Limit(in LaneGroup<TElement> group, LaneRow* rows, in LaneBuffers<TElement> buffers)
    {
        long sStride = Problem.Student.ElementStride, tStride = Problem.Teacher.ElementStride;
        for (int lane = 0; lane < TVector.Width; lane++)
        {
            bool inside = lane < group.Lanes;
            (double d, double e) = inside
                ? Difference(Memory.Get(group.Teacher + lane), Memory.Get(group.Student + lane))
                : (0, 0);
            rows[lane].Difference = d;
            rows[lane].DifferenceError = e;
        }

        Origin<TVector> origin = LimitOrigin(rows, buffers);
        for (long at = 0; at < Classes; at += BlockSize)
        {
            Walk<TElement> walk = Walk(group, at, (int)Math.Min(BlockSize, Classes - at));
            TVector.Store(buffers.Lane(0), LimitKernels<TVector, TElement>.Sum(walk, origin));
            for (int lane = 0; lane < TVector.Width; lane++) rows[lane].Centred += Memory.Get(buffers.Lane(0) + lane);
        }

        for (int lane = 0; lane < TVector.Width; lane++)
        {
            ref LaneRow row = ref rows[lane];
            if (row.IsValid && !double.IsFinite(row.Centred))
                RefuseExcluded(group.FirstRow + lane, group.Student + lane, group.Teacher + lane, sStride, tStride);
            (row.Difference, row.DifferenceError) =
                MeanDifference(row.Difference, row.DifferenceError, row.Centred / Classes);
        }

        origin = LimitOrigin(rows, buffers);
        for (int lane = 0; lane < TVector.Width; lane++)
            Memory.Put(
                buffers.Lane(3) + lane, rows[lane].Upstream * Problem.KlWeight * Problem.GradientFactor / Classes);
        TVector scale = TVector.Load(buffers.Lane(3));
        for (long at = 0; at < Classes; at += BlockSize)
        {
            TVector squares = LimitKernels<TVector, TElement>.Squares(
                Walk(group, at, (int)Math.Min(BlockSize, Classes - at)),
                origin,
                scale,
                Problem.StudentGradient is { } s ? group.At(s) + (at * s.ElementStride) : null,
                Problem.StudentGradient?.ElementStride ?? 0,
                Problem.TeacherGradient is { } t ? group.At(t) + (at * t.ElementStride) : null,
                Problem.TeacherGradient?.ElementStride ?? 0);
            TVector.Store(buffers.Lane(0), squares);
            for (int lane = 0; lane < TVector.Width; lane++) rows[lane].Squares += Memory.Get(buffers.Lane(0) + lane);
        }

        for (int lane = 0; lane < group.Lanes; lane++)
            rows[lane].Value = KlValue.Limit(rows[lane].Squares / (2.0 * Classes), Classes);
        if (!HasHardGradient) return;
        for (int lane = 0; lane < TVector.Width; lane++)
            Memory.Put(buffers.Lane(0) + lane, rows[lane].Hard.GradientScale);
        RowsView view = Problem.StudentGradient!.Value;
        LogitKernels<TVector, TElement>.AddKept(
            Walk(group, 0, (int)Classes), buffers.Exp, TVector.Load(
                buffers.Lane(0)), group.At(view), view.ElementStride);
        SubtractLabels(group, rows, group.At(view), view.ElementStride);
    }

    private static Origin<TVector> LimitOrigin(LaneRow* rows, in LaneBuffers<TElement> buffers)
    {
        for (int lane = 0; lane < TVector.Width; lane++)
        {
            Memory.Put(buffers.Lane(0) + lane, rows[lane].Difference);
            Memory.Put(buffers.Lane(1) + lane, rows[lane].DifferenceError);
        }

        return new Origin<TVector>
        {
            Difference = TVector.Load(buffers.Lane(0)),
            DifferenceError = TVector.Load(buffers.Lane(1)),
        };
    }

    private static void SubtractLabels(in LaneGroup<TElement> group, LaneRow* rows, TElement* gradient, long stride)
    {
        for (int lane = 0; lane < group.Lanes; lane++)
        {
            if (!rows[lane].Hard.HasGradient) continue;
            TElement* at = gradient + lane + (rows[lane].Hard.Label * stride);
            Memory.Put(at, Memory.Get(at) - rows[lane].Hard.LabelGradient);
        }
    }

    /// <summary>Redoes the rows that need it, then writes and sums in row order.</summary>
    private void EmitGroup(
        in LaneGroup<TElement> group, LaneRow* rows, in LaneBuffers<TElement> buffers, double* sumsOfChunk)
    {
        double* metrics = stackalloc double[HintonLoss.MetricCount];
        for (int lane = 0; lane < group.Lanes; lane++)
        {
            long number = group.FirstRow + lane;
            ref LaneRow row = ref rows[lane];
            if (!row.IsValid)
            {
                EmitIgnored(number);
                continue;
            }

            if (row.NeedsCare) Redo(group, lane, ref row, buffers);

            metrics[(int)HintonMetric.CrossEntropy] = row.Hard.Value;
            metrics[(int)HintonMetric.Kl] = SumOf(row.Value) * Problem.KlFactor;
            metrics[(int)HintonMetric.StudentEntropy] = row.Value.StudentEntropy;
            metrics[(int)HintonMetric.TeacherEntropy] = row.Value.TeacherEntropy;
            metrics[(int)HintonMetric.Hit] = metrics[(int)HintonMetric.Agreement] = 0;
            if (WantsMetrics && !double.IsNaN(row.Value.Sum))
            {
                long top = FirstLargest(group.Student + lane, Problem.Student.ElementStride);
                metrics[(int)HintonMetric.Hit] = top == row.Hard.Label ? 1 : 0;
                metrics[(int)HintonMetric.Agreement] =
                    top == FirstLargest(group.Teacher + lane, Problem.Teacher.ElementStride) ? 1 : 0;
            }

            Emit(number, metrics, sumsOfChunk);
        }
    }

    /// <summary>One row in double.</summary>
    protected virtual void Redo(
        in LaneGroup<TElement> group, int lane, ref LaneRow row, in LaneBuffers<TElement> buffers)
    {
        var careful = new CarefulRow(Problem, group.FirstRow + lane);
        row.Value = careful.Value;
        if (!WantsGradient) return;
        careful.WriteGradients(row.Upstream * Problem.KlWeight * Problem.GradientFactor);
        AddCrossEntropyGradient(group, lane, row.Hard, buffers);
    }

    private void AddCrossEntropyGradient(
        in LaneGroup<TElement> group, int lane, in CrossEntropyRow hard, in LaneBuffers<TElement> buffers)
    {
        if (!hard.HasGradient) return;
        RowsView view = Problem.StudentGradient!.Value;
        TElement* gradient = group.At(view) + lane;
        for (long c = 0; c < Classes; c++, gradient += view.ElementStride)
        {
            double added = hard.GradientScale * Memory.Get(buffers.Exp + (c * TVector.Width) + lane);
            Memory.Put(gradient, Memory.Get(gradient) + added - (c == hard.Label ? hard.LabelGradient : 0));
        }
    }

    private long FirstLargest(TElement* element, long stride)
    {
        long best = 0;
        double largest = Memory.Get(element);
        for (long c = 1; c < Classes; c++)
        {
            element += stride;
            if (Memory.Get(element) <= largest) continue;
            largest = Memory.Get(element);
            best = c;
        }

        return best;
    }
}
