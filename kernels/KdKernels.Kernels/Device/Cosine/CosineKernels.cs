using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Cosine;

/// <summary>The kernels of CosineKl.</summary>
public static class CosineKernels
{
    /// <summary>Augmented rows of a block.</summary>
    public const int RowsPerTile = 2;

    /// <summary>The longest embedding, and the most normal ones.</summary>
    public const int Most = 1024;

    private const int Threads = 512;
    private const int Warps = 16;
    private const double SmallestNorm = 1e-12;

    /// <summary>
    /// Two augmented rows to a block: their scores against all normal embeddings, the divergence, the gradient of the scores (into
    /// the workspace too), and the gradient of the two rows.
    /// </summary>
    public static void Rows<T, TElement>(CosineArguments<T> a)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        var units = SharedMemory.Allocate<float>(RowsPerTile * Most);
        var sums = SharedMemory.Allocate<float>(2 * RowsPerTile * Most);
        var student = SharedMemory.Allocate<float>(RowsPerTile * Most);
        var teacher = SharedMemory.Allocate<float>(RowsPerTile * Most);
        var doubles = SharedMemory.Allocate<double>(8 * Warps);
        var integers = SharedMemory.Allocate<int>(32);
        TElement element = default;
        element.BeginPhase(a.Zero, 1);
        int warp = Group.IdxX >> 5;
        int lane = Group.IdxX & 31;
        bool wantsSum = a.Reduction != 0 & a.Loss.Length > 0;
        float divisor = Divisor(a, integers);
        int tiles = (a.Rows + RowsPerTile - 1) / RowsPerTile;
        for (int tile = Grid.IdxX; tile < tiles; tile += Grid.DimX)
        {
            int first = tile * RowsPerTile;
            float unused = 0f;
            Scores(
                a, element, a.TeacherAugmented, a.TeacherAugmentedStrides, a.TeacherNormal, a.TeacherNormalStrides, a.TeacherDimension,
                first, units, teacher, sums, ref unused);
            float inverse = 0f;
            Scores(
                a, element, a.StudentAugmented, a.StudentAugmentedStrides, a.StudentNormal, a.StudentNormalStrides, a.StudentDimension,
                first, units, student, sums, ref inverse);

            int row = first + warp;
            bool mine = warp < RowsPerTile & row < a.Rows;
            float loss = 0f;
            int kept = 1;
            if (mine)
            {
                var s = student.SubView(warp * Most, Most);
                var t = teacher.SubView(warp * Most, Most);
                if (a.Keep.Length > 0) kept = a.Keep[row] != 0 ? 1 : 0;
                float value = a.Limit != 0 ? CosineRow.Limit(s, t, a.Normals) : CosineRow.Diverge(s, t, a.Normals, a.InverseTemperature);
                loss = kept != 0 ? a.LossFactor * value : 0f;
                float upstream = a.Upstream.Length > 0 ? a.Upstream[a.Reduction == 0 ? row : 0] : 1f;
                float factor = upstream * a.GradientFactor / divisor;
                for (int j = lane; j < a.Normals; j += 32)
                {
                    float gradient = kept != 0 ? factor * s[j] : 0f;
                    if (a.ScoreGradients.Length > 0) a.ScoreGradients[((long)row * a.Normals) + j] = gradient;
                    // The normal embeddings' scales were left here.
                    s[j] = gradient * sums[j];
                }
                if (lane == 0 & a.Reduction == 0 & a.Loss.Length > 0) a.Loss[row] = loss;
            }
            if (lane == 0 & warp < RowsPerTile) doubles[warp] = loss;
            Group.Barrier();
            if (wantsSum & Group.IdxX == 0) a.Partials[tile] = doubles[0] + doubles[1];
            if (a.AugmentedGradient.Length > 0)
            {
                Multiply(a, element, first, student, sums);
                Group.Barrier();
                if (mine)
                {
                    var target = a.AugmentedGradient.SubView(a.AugmentedGradientStrides.Row(RowIndex.Of(row, a.Inner)));
                    Project(
                        element, units.SubView(warp * Most, Most), sums.SubView(warp * Most), RowsPerTile * Most, a.StudentDimension,
                        inverse, kept, target, a.AugmentedGradientStrides.Element);
                }
            }
            Group.Barrier();
        }
        if (!wantsSum) return;
        if (!LastBlock.IsThis(a.Counters, integers)) return;
        LastBlock.Sum(a.Partials, tiles, 1, Threads, doubles);
        if (Group.IdxX != 0) return;
        a.Counters[0] = 0;
        a.Loss[0] = (float)(doubles[0] / divisor);
    }

    /// <summary>A normal embedding to a block: its gradient from those of the scores.</summary>
    public static void Normals<T, TElement>(CosineArguments<T> a)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        var unit = SharedMemory.Allocate<float>(Most);
        var sums = SharedMemory.Allocate<float>(2 * Most);
        var norm = SharedMemory.Allocate<float>(2);
        TElement element = default;
        element.BeginPhase(a.Zero, 1);
        int part = Group.IdxX >> 8;
        for (int j = Grid.IdxX; j < a.Normals; j += Grid.DimX)
        {
            var source = a.StudentNormal.SubView(a.StudentNormalStrides.Row(RowIndex.Of(j, a.NormalInner)));
            if (Group.IdxX < 32)
            {
                float inverse = Normalise(element, source, a.StudentNormalStrides.Element, a.StudentDimension, unit, out _);
                if (Group.IdxX == 0) norm[0] = inverse;
            }
            for (int d = Group.IdxX & 255; d < a.StudentDimension; d += 256)
            {
                float sum = 0f;
                for (int i = part; i < a.Rows; i += 2)
                {
                    // A row that does not count may hold anything.
                    float weight = a.ScoreGradients[((long)i * a.Normals) + j];
                    if (weight == 0f) continue;
                    long at = a.StudentAugmentedStrides.Row(RowIndex.Of(i, a.Inner)) + (d * a.StudentAugmentedStrides.Element);
                    sum += weight * a.Scales[i] * element.Load(ref a.StudentAugmented[at]);
                }
                sums[(part * Most) + d] = sum;
            }
            Group.Barrier();
            if (Group.IdxX < 32)
            {
                var target = a.NormalGradient.SubView(a.NormalGradientStrides.Row(RowIndex.Of(j, a.NormalInner)));
                Project(element, unit, sums, Most, a.StudentDimension, norm[0], 1, target, a.NormalGradientStrides.Element);
            }
            Group.Barrier();
        }
    }

    /// <summary>The place of each row's target among its scores: a warp for each row.</summary>
    public static void Ranks<T, TElement>(RankArguments<T> a)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        TElement element = default;
        element.BeginPhase(a.Zero, 1);
        int lane = Group.IdxX & 31;
        for (int row = (Grid.IdxX << 4) + (Group.IdxX >> 5); row < a.Rows; row += Grid.DimX << 4)
        {
            long start = a.ScoresStrides.Row(RowIndex.Of(row, a.Inner));
            long target = a.Targets[row];
            bool exists = target >= 0 & target < a.Columns;
            float own = element.Load(ref a.Scores[start + ((exists ? target : 0) * a.ScoresStrides.Element)]);
            int rank = 0;
            for (int j = lane; j < a.Columns; j += 32)
            {
                float other = element.Load(ref a.Scores[start + (j * a.ScoresStrides.Element)]);
                rank += other > own | (other == own & j < target) ? 1 : 0;
            }
            rank = WarpReduce.Sum(rank);
            bool isNumber = IntrinsicMath.Abs(own) >= 0f;
            if (lane == 0) a.Ranks[row] = exists ? isNumber ? rank : a.Columns - 1 : -1L;
        }
    }

    /// <summary>Marks the rows of rank 0 and the best of the others: a warp for each row.</summary>
    public static void Select(SelectArguments a)
    {
        int lane = Group.IdxX & 31;
        for (int row = (Grid.IdxX << 4) + (Group.IdxX >> 5); row < a.Rows; row += Grid.DimX << 4)
        {
            long own = a.Ranks[row];
            int wrong = 0;
            int before = 0;
            for (int i = lane; i < a.Rows; i += 32)
            {
                long other = a.Ranks[i];
                wrong += other != 0 ? 1 : 0;
                before += other != 0 & (other < own | (other == own & i < row)) ? 1 : 0;
            }
            wrong = WarpReduce.Sum(wrong);
            before = WarpReduce.Sum(before);
            bool kept = own == 0 | (own > 0 & before < (int)(a.Fraction * wrong));
            if (lane == 0) a.Keep[row] = (byte)(kept ? 1 : 0);
        }
    }

    /// <summary>
    /// Scores of a block's rows against all normal embeddings. Leaves the unit rows, and the scales of the normal embeddings in the
    /// first of <paramref name="sums"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scores<T, TElement>(
        in CosineArguments<T> a, TElement element, ArrayView<T> augmented, RowStrides augmentedStrides, ArrayView<T> normal,
        RowStrides normalStrides, int dimension, int first, ArrayView<float> units, ArrayView<float> scores, ArrayView<float> sums,
        ref float inverse)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        int warp = Group.IdxX >> 5;
        int lane = Group.IdxX & 31;
        if (warp < RowsPerTile)
        {
            int row = IntrinsicMath.Min(first + warp, a.Rows - 1);
            var source = augmented.SubView(augmentedStrides.Row(RowIndex.Of(row, a.Inner)));
            inverse = Normalise(element, source, augmentedStrides.Element, dimension, units.SubView(warp * Most, Most), out float scale);
            if (lane == 0 & row == first + warp & a.Scales.Length > 0) a.Scales[row] = scale;
        }
        Group.Barrier();
        for (int j = warp; j < a.Normals; j += Warps)
        {
            var source = normal.SubView(normalStrides.Row(RowIndex.Of(j, a.NormalInner)));
            double squares = 0;
            float dot0 = 0f;
            float dot1 = 0f;
            for (int d = lane; d < dimension; d += 32)
            {
                float n = element.Load(ref source[d * normalStrides.Element]);
                squares += (double)n * n;
                dot0 += n * units[d];
                dot1 += n * units[Most + d];
            }
            double norm = Ptx.SquareRoot(WarpReduce.Sum(squares, 16));
            float scale = (float)(1.0 / (norm < SmallestNorm ? SmallestNorm : norm));
            dot0 = WarpReduce.Sum(dot0, 16);
            dot1 = WarpReduce.Sum(dot1, 16);
            if (lane == 0)
            {
                scores[j] = dot0 * scale;
                scores[Most + j] = dot1 * scale;
                sums[j] = scale;
            }
        }
        Group.Barrier();
    }

    /// <summary>
    /// A row over its norm into shared memory, by a warp; its scale too, 1/max(norm, 1e-12). Returns what a gradient is multiplied
    /// by: 1/norm, or 0 where the norm is clamped.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Normalise<T, TElement>(
        TElement element, ArrayView<T> source, long stride, int dimension, ArrayView<float> unit, out float scale)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        int lane = Group.IdxX & 31;
        double squares = 0;
        for (int d = lane; d < dimension; d += 32)
        {
            float x = element.Load(ref source[d * stride]);
            unit[d] = x;
            squares += (double)x * x;
        }
        double norm = Ptx.SquareRoot(WarpReduce.Sum(squares, 16));
        scale = (float)(1.0 / (norm < SmallestNorm ? SmallestNorm : norm));
        for (int d = lane; d < dimension; d += 32) unit[d] *= scale;
        return norm < SmallestNorm ? 0f : scale;
    }

    /// <summary>The gradient of the unit rows, in two halves: Σ_j over the even and over the odd normal embeddings.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply<T, TElement>(
        in CosineArguments<T> a, TElement element, int first, ArrayView<float> weights, ArrayView<float> sums)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        int part = Group.IdxX >> 8;
        for (int d = Group.IdxX & 255; d < a.StudentDimension; d += 256)
        {
            float sum0 = 0f;
            float sum1 = 0f;
            for (int j = part; j < a.Normals; j += 2)
            {
                long at = a.StudentNormalStrides.Row(RowIndex.Of(j, a.NormalInner)) + (d * a.StudentNormalStrides.Element);
                float n = element.Load(ref a.StudentNormal[at]);
                sum0 += weights[j] * n;
                sum1 += weights[Most + j] * n;
            }
            sums[(part * RowsPerTile * Most) + d] = sum0;
            sums[(part * RowsPerTile * Most) + Most + d] = sum1;
        }
    }

    /// <summary>(g − ⟨g, x̂⟩x̂)/‖x‖ of a gradient in parts, by a warp; zeros for a row that does not count.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Project<T, TElement>(
        TElement element, ArrayView<float> unit, ArrayView<float> parts, int pitch, int dimension, float inverse, int counts,
        ArrayView<T> target, long stride)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        int lane = Group.IdxX & 31;
        float along = 0f;
        for (int d = lane; d < dimension; d += 32) along += (parts[d] + parts[pitch + d]) * unit[d];
        along = WarpReduce.Sum(along, 16);
        for (int d = lane; d < dimension; d += 32)
        {
            float gradient = ((parts[d] + parts[pitch + d]) - (along * unit[d])) * inverse;
            element.Store(ref target[d * stride], counts != 0 ? gradient : 0f);
        }
    }

    /// <summary>What the sum over rows is divided by; every block counts the rows that are kept.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Divisor<T>(in CosineArguments<T> a, ArrayView<int> shared)
        where T : unmanaged
    {
        if (a.Reduction < 2) return 1f;
        int kept = a.Rows;
        if (a.Keep.Length > 0)
        {
            int count = 0;
            for (int i = Group.IdxX; i < a.Rows; i += Threads) count += a.Keep[i] != 0 ? 1 : 0;
            count = WarpReduce.Sum(count);
            if ((Group.IdxX & 31) == 0) shared[Group.IdxX >> 5] = count;
            Group.Barrier();
            kept = 0;
            for (int warp = 0; warp < Warps; warp++) kept += shared[warp];
            Group.Barrier();
        }
        return a.Reduction == 2 ? (float)kept * a.Normals : kept;
    }
}
