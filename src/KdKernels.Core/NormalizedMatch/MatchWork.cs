namespace KdKernels.Core;

/// <summary>
/// A problem cut into chunks. Every row is cut into pieces of a fixed length, whose sums are added in their order. Many rows
/// are handed out row by row, so that all passes of one but the first find it in the second-level cache; few long rows are
/// handed out piece by piece, pass after pass. The bits are the same in both ways.
/// </summary>
internal sealed unsafe class MatchWork<TVector, TElement, TWide> : ChunkedWork
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
    where TWide : unmanaged, IVector<TWide, double>
{
    private const long PieceLength = 16384;

    // From here on, rows alone keep the threads of any usual processor busy.
    private const long ManyRows = 16;

    private readonly MatchProblem problem;
    private readonly MatchRow[] rows;
    private readonly (double First, double Second)[] partials;
    private readonly long pieces;
    private readonly bool wholeRows;
    private readonly bool single = typeof(TElement) == typeof(float);
    private readonly double divisor;
    private readonly bool upstreamPerRow;
    private readonly double commonUpstream;
    private ChunkPlan plan;
    private Pass pass;

    public MatchWork(MatchProblem problem)
    {
        this.problem = problem;
        rows = new MatchRow[problem.Student.Rows];
        pieces = (problem.Student.Length + PieceLength - 1) / PieceLength;
        wholeRows = rows.Length >= ManyRows || pieces <= 1;
        partials = wholeRows ? [] : new (double, double)[rows.Length * pieces];
        divisor = problem.Divisor;
        upstreamPerRow = problem.Upstream is not null && problem.Settings.Reduction == KdReduction.None;
        commonUpstream = problem.Upstream is { } upstream && !upstreamPerRow ? Memory.Read(upstream, 0, 0) : 1;
    }

    private enum Pass
    {
        All,
        Norms,
        Differences,
        Gradient,
    }

    /// <summary>The sum of the losses of all rows.</summary>
    public double Run()
    {
        if (wholeRows)
            Hand(Pass.All, rows.Length, problem.Student.Length);
        else
            RunByPieces();

        bool writesRows = problem.Loss is not null && problem.Settings.Reduction == KdReduction.None;
        double sum = 0;
        for (int row = 0; row < rows.Length; row++)
        {
            if (writesRows) Memory.Write(problem.Loss.GetValueOrDefault(), row, 0, rows[row].Loss);
            sum += rows[row].Loss;
        }

        return sum;
    }

    public override void Execute(int chunk)
    {
        (long first, long end) = plan.UnitsOf(chunk);
        for (long unit = first; unit < end; unit++)
        {
            if (pass == Pass.All)
            {
                DoRow(unit);
                continue;
            }

            (long row, long piece) = Math.DivRem(unit, pieces);
            if (pass == Pass.Gradient)
                WriteGradient(row, piece);
            else
                partials[unit] = SumPiece(row, piece, pass);
        }
    }

    private void DoRow(long row)
    {
        ref MatchRow state = ref rows[row];
        SetNorms(ref state, SumRow(row, Pass.Norms));
        if (state.IsWide) SetNorms(ref state, SumRow(row, Pass.Norms));
        SetDifferences(ref state, SumRow(row, Pass.Differences));
        for (long piece = 0; problem.Gradient is not null && piece < pieces; piece++) WriteGradient(row, piece);
    }

    private void RunByPieces()
    {
        Hand(Pass.Norms, rows.Length * pieces, PieceLength);
        for (long row = 0; row < rows.Length; row++)
        {
            SetNorms(ref rows[row], SumOfPartials(row));
            // Rare enough to be left to this thread.
            if (rows[row].IsWide) SetNorms(ref rows[row], SumRow(row, Pass.Norms));
        }

        Hand(Pass.Differences, rows.Length * pieces, PieceLength);
        for (long row = 0; row < rows.Length; row++) SetDifferences(ref rows[row], SumOfPartials(row));
        if (problem.Gradient is not null) Hand(Pass.Gradient, rows.Length * pieces, PieceLength);
    }

    private void Hand(Pass next, long units, long elementsPerUnit)
    {
        pass = next;
        plan = ChunkPlan.Of(units, elementsPerUnit);
        WorkerPool.Execute(this, plan.Chunks, KdCpu.Threads);
    }

    private void SetNorms(ref MatchRow state, (double Student, double Teacher) sums)
    {
        (state.SquaredStudent, state.SquaredTeacher) = sums;
        state.SetRatio(problem.Settings.Epsilon, single && !state.IsWide);
        state.IsWide = single && (state.IsWide || !state.FitsSingle);
    }

    private void SetDifferences(ref MatchRow state, (double Difference, double Excess) sums)
    {
        (state.Difference, state.Excess) = sums;
        state.SetLoss(problem.Settings.Epsilon);
    }

    private (double First, double Second) SumOfPartials(long row)
    {
        (double First, double Second) sum = (0, 0);
        for (long piece = 0; piece < pieces; piece++) sum = Add(sum, partials[(row * pieces) + piece]);
        return sum;
    }

    private (double First, double Second) SumRow(long row, Pass which)
    {
        (double First, double Second) sum = (0, 0);
        for (long piece = 0; piece < pieces; piece++) sum = Add(sum, SumPiece(row, piece, which));
        return sum;
    }

    private (double First, double Second) SumPiece(long row, long piece, Pass which) => rows[row].IsWide
        ? SumPiece<TWide, double>(row, piece, which)
        : SumPiece<TVector, TElement>(row, piece, which);

    private (double First, double Second) SumPiece<TV, T>(long row, long piece, Pass which)
        where TV : unmanaged, IVector<TV, T>
        where T : unmanaged
    {
        T* buffers = Buffers<T>();
        RowsView student = Piece(problem.Student, piece), teacher = Piece(problem.Teacher, piece);
        T* s = RowBuffers<T>.Input(student, row, buffers), t = RowBuffers<T>.Input(teacher, row, buffers + PieceLength);
        return which == Pass.Norms
            ? MatchKernels<TV, T>.Norms(s, t, student.Length)
            : MatchKernels<TV, T>.Differences(s, t, student.Length, rows[row].Ratio);
    }

    private void WriteGradient(long row, long piece)
    {
        if (rows[row].IsWide)
            WriteGradient<TWide, double>(row, piece);
        else
            WriteGradient<TVector, TElement>(row, piece);
    }

    private void WriteGradient<TV, T>(long row, long piece)
        where TV : unmanaged, IVector<TV, T>
        where T : unmanaged
    {
        T* buffers = Buffers<T>();
        RowsView student = Piece(problem.Student, piece), teacher = Piece(problem.Teacher, piece);
        T* s = RowBuffers<T>.Input(student, row, buffers), t = RowBuffers<T>.Input(teacher, row, buffers + PieceLength);
        RowsView gradient = Piece(problem.Gradient.GetValueOrDefault(), piece);
        T* direct = Memory.Direct<T>(gradient, row), target = direct is null ? buffers + (2 * PieceLength) : direct;
        double upstream = upstreamPerRow ? Memory.Read(problem.Upstream.GetValueOrDefault(), row, 0) : commonUpstream;
        MatchKernels<TV, T>.Gradient(
            s, t, target, student.Length, rows[row], rows[row].GradientFactor(upstream / divisor));
        if (direct is null) Memory.Scatter(gradient, row, target);
    }

    private static (double First, double Second) Add(
        (double First, double Second) a, (double First, double Second) b) => (a.First + b.First, a.Second + b.Second);

    /// <summary>This thread's memory for three pieces.</summary>
    private static T* Buffers<T>()
        where T : unmanaged => (T*)Scratch.Get(ScratchUse.Kernel, 3 * PieceLength * sizeof(T));

    /// <summary>The same piece of every row.</summary>
    private static RowsView Piece(in RowsView view, long piece)
    {
        long first = piece * PieceLength;
        return view with
        {
            Data = view.Data + (nint)(first * view.ElementStride * view.ElementType.Bytes()),
            Length = Math.Min(PieceLength, view.Length - first),
        };
    }
}
