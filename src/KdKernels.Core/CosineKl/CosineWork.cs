namespace KdKernels.Core;

/// <summary>
/// CosineKl in phases: all rows are normalised; the normal ones are transposed; the scores are two small products; their
/// tempered divergence and its gradient are <see cref="TemperedKl"/>'s; two more products and a projection lead that
/// gradient to the student's rows. Four floating-point operations per score and dimension and 3 passes over scores of
/// [A, B]; nothing of size [A, B, D] exists.
/// </summary>
internal sealed unsafe class CosineWork<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // Whole blocks of the product, enough of them for a few threads; elements do not depend on the cut.
    private const int RowsPerChunk = 4 * SmallGemm<TVector, TElement>.Rows;
    private const int NormalRowsPerChunk = 2 * SmallGemm<TVector, TElement>.Rows;
    private const int DimensionsPerChunk = 64;

    private readonly CosineProblem problem;
    private readonly UnitRows<TVector, TElement>[] sets;
    private readonly long rows;
    private readonly long normals;

    // Elements of a row of scores, padded.
    private readonly long columns;

    // Transposed normal rows, scores; of student and teacher. The student's transposed rows make room for products.
    private readonly TElement*[] transposed = new TElement*[2];
    private readonly TElement*[] scores = new TElement*[2];
    private TElement* scoreGradient;
    private TElement* augmentedProduct;
    private TElement* normalProduct;

    private CosineWork(CosineProblem problem)
    {
        this.problem = problem;
        rows = problem.StudentAugmented.Rows;
        normals = problem.StudentNormal.Rows;
        columns = Padded(normals);
        sets =
        [
            Set(problem.StudentAugmented), Set(problem.StudentNormal), Set(problem.TeacherAugmented), Set(problem.TeacherNormal),
        ];
    }

    public static void Run(CosineProblem problem) => new CosineWork<TVector, TElement>(problem).Run();

    private static long Padded(long length) =>
        (length + SmallGemm<TVector, TElement>.Columns - 1) / SmallGemm<TVector, TElement>.Columns
        * SmallGemm<TVector, TElement>.Columns;

    private static UnitRows<TVector, TElement> Set(RowsView view) => new(view, Padded(view.Length));

    private static int Chunks(long units, long perChunk) => checked((int)((units + perChunk - 1) / perChunk));

    private void Run()
    {
        Allocate();
        int ofRows = Chunks(rows, RowsPerChunk), ofNormals = Chunks(normals, RowsPerChunk);
        ChunkedAction.Run(2 * (ofRows + ofNormals), chunk => Normalise(chunk, ofRows, ofNormals));
        int ofStudent = Chunks(sets[1].Length, DimensionsPerChunk), ofTeacher = Chunks(sets[3].Length, DimensionsPerChunk);
        ChunkedAction.Run(ofStudent + ofTeacher, chunk => Transpose(chunk, ofStudent));
        ChunkedAction.Run(2 * ofRows, Score);
        Diverge();
        if (!problem.WantsGradient) return;
        int augmented = problem.AugmentedGradient is null ? 0 : ofRows;
        int normal = problem.NormalGradient is null ? 0 : Chunks(normals, NormalRowsPerChunk);

        // The longer chunks first, so that threads end together.
        ChunkedAction.Run(normal + augmented, chunk =>
        {
            if (chunk < normal)
                OfNormal(chunk);
            else
                OfAugmented(chunk - normal);
        });
    }

    private void Allocate()
    {
        long total = 0;
        foreach (UnitRows<TVector, TElement> set in sets) total += Line(set.ValueBytes) + Line(set.Count * sizeof(double));
        long[] transposedBytes = [Line(sets[1].Length * columns * sizeof(TElement)), Line(sets[3].Length * columns * sizeof(TElement))];
        long scoreBytes = Line(rows * columns * sizeof(TElement));
        total += transposedBytes.Sum() + (3 * scoreBytes) + Line(sets[0].ValueBytes) + Line(sets[1].ValueBytes);
        byte* memory = Scratch.Get(ScratchUse.Call, total);
        for (int i = 0; i < sets.Length; i++)
        {
            sets[i].Values = (TElement*)Take(sets[i].ValueBytes);
            sets[i].Inverse = (double*)Take(sets[i].Count * sizeof(double));
        }

        for (int side = 0; side < 2; side++)
        {
            transposed[side] = (TElement*)Take(transposedBytes[side]);
            scores[side] = (TElement*)Take(scoreBytes);
        }

        scoreGradient = (TElement*)Take(scoreBytes);
        augmentedProduct = (TElement*)Take(sets[0].ValueBytes);
        normalProduct = (TElement*)Take(sets[1].ValueBytes);

        byte* Take(long bytes)
        {
            byte* start = memory;
            memory += Line(bytes);
            return start;
        }
    }

    private static long Line(long bytes) => (bytes + 63) / 64 * 64;

    private void Normalise(int chunk, int ofRows, int ofNormals)
    {
        int set = 0;
        for (int size = ofRows; chunk >= size; size = set % 2 == 0 ? ofRows : ofNormals)
        {
            chunk -= size;
            set++;
        }

        UnitRows<TVector, TElement> unit = sets[set];
        long end = Math.Min(unit.Count, (chunk + 1L) * RowsPerChunk);
        for (long row = (long)chunk * RowsPerChunk; row < end; row++) unit.Normalise(row);
    }

    private void Transpose(int chunk, int ofStudent)
    {
        int side = chunk < ofStudent ? 0 : 1;
        UnitRows<TVector, TElement> normal = sets[(2 * side) + 1];
        long first = (long)(chunk - (side * ofStudent)) * DimensionsPerChunk;
        normal.Transpose(transposed[side], columns, first, Math.Min(normal.Length, first + DimensionsPerChunk));
    }

    private void Score(int chunk)
    {
        (int part, int side) = Math.DivRem(chunk, 2);
        UnitRows<TVector, TElement> augmented = sets[2 * side];
        long first = (long)part * RowsPerChunk;
        SmallGemm<TVector, TElement>.Multiply(
            new(augmented.Values, augmented.Padded, 1),
            transposed[side],
            scores[side],
            first,
            Math.Min(rows, first + RowsPerChunk),
            augmented.Length,
            columns);
    }

    private void Diverge()
    {
        var settings = new TemperedKlSettings(problem.Settings.Temperature, problem.Settings.Reduction)
        {
            TemperatureSquared = problem.Settings.TemperatureSquared,
            Labels = problem.Settings.Keep,
            IgnoreIndex = 0,
        };
        RowsView student = Scores(scores[0]), teacher = Scores(scores[1]);
        if (!problem.WantsGradient)
            TemperedKl.Forward(student, teacher, settings, problem.Loss!.Value);
        else if (problem.Upstream is { } upstream)
            TemperedKl.Backward(student, teacher, settings, upstream, Scores(scoreGradient));
        else
            TemperedKl.ForwardWithGradient(student, teacher, settings, problem.Loss!.Value, Scores(scoreGradient));
    }

    private RowsView Scores(TElement* values) =>
        new(
            (nint)values,
            problem.StudentAugmented.ElementType,
            problem.StudentAugmented.Outer,
            problem.StudentAugmented.Inner,
            normals,
            problem.StudentAugmented.Inner * columns,
            columns,
            1);

    private void OfAugmented(int chunk)
    {
        UnitRows<TVector, TElement> augmented = sets[0], normal = sets[1];
        long first = (long)chunk * RowsPerChunk, end = Math.Min(rows, first + RowsPerChunk);
        SmallGemm<TVector, TElement>.Multiply(
            new(scoreGradient, columns, 1), normal.Values, augmentedProduct, first, end, normals, normal.Padded);
        for (long row = first; row < end; row++)
            augmented.Project(row, augmentedProduct + (row * augmented.Padded), problem.AugmentedGradient!.Value);
    }

    private void OfNormal(int chunk)
    {
        UnitRows<TVector, TElement> augmented = sets[0], normal = sets[1];
        long first = (long)chunk * NormalRowsPerChunk, end = Math.Min(normals, first + NormalRowsPerChunk);
        SmallGemm<TVector, TElement>.Multiply(
            new(scoreGradient, 1, columns), augmented.Values, normalProduct, first, end, rows, augmented.Padded);
        for (long row = first; row < end; row++)
            normal.Project(row, normalProduct + (row * normal.Padded), problem.NormalGradient!.Value);
    }
}
