using System.Runtime.CompilerServices;
using KdKernels.Kernels.Device.Quads;

namespace KdKernels.Kernels.Device.Noisy;

/// <summary>
/// Squared differences of a row or a part of one, four classes at a time, which share a block of the generator. Everything but the
/// sum is the CPU's arithmetic in the CPU's order, so that the noise can be held against the CPU's bit for bit.
/// </summary>
public static class NoisyRow
{
    // Blocks of four whose squares are summed in float32.
    private const int Chunk = 4;

    /// <summary>
    /// This thread's part of the sum of the squares from class <paramref name="first"/> to <paramref name="end"/>; writes the gradients
    /// that are wanted, <paramref name="factor"/> times the differences.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Squares<T, TElement, TVectors, TGroup>(
        in NoisyLogitsArguments<T> a, TGroup group, long row, int first, int end, float factor)
        where T : unmanaged
        where TElement : struct, IQuadElement<T>
        where TVectors : struct, IFlag
        where TGroup : struct, IGroup
    {
        var index = RowIndex.Of(row, a.Logits.Inner);
        var student = new NoisyMemory<T, TElement, TVectors>(a.Logits.Student, a.Logits.StudentStrides, index);
        var teacher = new NoisyMemory<T, TElement, TVectors>(a.Logits.Teacher, a.Logits.TeacherStrides, index);
        var ofStudent = new NoisyMemory<T, TElement, TVectors>(a.Logits.StudentGradient, a.Logits.StudentGradientStrides, index);
        var ofTeacher = new NoisyMemory<T, TElement, TVectors>(a.Logits.TeacherGradient, a.Logits.TeacherGradientStrides, index);
        var noise = NoisySample.Of(a, row);
        double sum = 0;
        int c = first + (group.Rank * 4);
        while (c < end)
        {
            float squares = 0f;
            for (int i = 0; i < Chunk & c < end; i++, c += group.Size * 4)
            {
                var s = student.Load(c, end);
                var t = teacher.Load(c, end);
                // Not noise of 0: it would make a NaN of an infinite logit.
                var n = Quad.Of(0f);
                if (noise.IsSelected)
                {
                    n = noise.At(a.Keys, c >> 2);
                    t = t.Plus(n, t);
                }
                Quad difference;
                difference.X = s.X - t.X;
                difference.Y = s.Y - t.Y;
                difference.Z = s.Z - t.Z;
                difference.W = s.W - t.W;
                squares += difference.Times(difference).Sum();
                var gradient = difference.Times(factor);
                if (ofStudent.IsWanted) ofStudent.Store(c, end, gradient);
                if (!ofTeacher.IsWanted) continue;
                if (noise.IsSelected) gradient = gradient.Plus(n, gradient);
                ofTeacher.Store(c, end, gradient.Times(-1f));
            }
            sum += squares;
        }

        return sum;
    }
}
