using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Contrast;

/// <summary>The two embeddings, which train, and the banks, which move.</summary>
internal sealed class CrdParts : nn.Module
{
    private readonly Linear student;
    private readonly Linear teacher;
    private readonly CrdMemory memory;

    /// <param name="studentInputs">Numbers of a student's feature.</param>
    /// <param name="teacherInputs">Numbers of a teacher's feature.</param>
    /// <param name="dimension">D.</param>
    /// <param name="rows">n: training items.</param>
    /// <param name="seed">Of the rows that the banks start from.</param>
    public CrdParts(long studentInputs, long teacherInputs, int dimension, int rows, ulong seed)
        : base(nameof(CrdParts))
    {
        student = nn.Linear(studentInputs, dimension);
        teacher = nn.Linear(teacherInputs, dimension);
        memory = new CrdMemory(rows, dimension, seed);
        RegisterComponents();
    }

    public CrdMemory Memory => memory;

    /// <summary>Of unit length <c>[B, D]</c>.</summary>
    public Tensor OfStudent(Tensor features) => Unit(student.call(features.flatten(1)));

    /// <summary>Of unit length <c>[B, D]</c>.</summary>
    public Tensor OfTeacher(Tensor features) => Unit(teacher.call(features.flatten(1)));

    private static Tensor Unit(Tensor embeddings) => nn.functional.normalize(embeddings, dim: 1);
}
