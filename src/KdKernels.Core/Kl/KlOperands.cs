namespace KdKernels.Core;

/// <summary>The memory of one call of a loss over student and teacher logits.</summary>
internal readonly record struct KlOperands(
    RowsView Student,
    RowsView Teacher,
    RowsView? Loss = null,
    RowsView? Upstream = null,
    RowsView? StudentGradient = null,
    RowsView? TeacherGradient = null)
{
    /// <summary>Student and teacher with changed places.</summary>
    public KlOperands Swapped => new(Teacher, Student, Loss, Upstream, TeacherGradient, StudentGradient);

    /// <summary>
    /// Checks everything against the student's logits; what does not depend on the device.
    /// </summary>
    public void Check(KdReduction reduction, RowsView? labels)
    {
        Guard.IsLogits(Student, "student");
        Guard.Matches(Teacher, Student, "teacher");
        Guard.IsReduction(reduction);
        if (labels is { } mask)
            Guard.HasShape(mask, KdElementType.Int64, Student.Outer, Student.Inner, 1, Student.Device, "labels");
        if (Loss is { } loss) Guard.IsLoss(loss, Student, reduction, "loss");
        if (Upstream is { } upstream) Guard.IsUpstream(upstream, Student, reduction, "upstream");
        if (StudentGradient is { } student) Guard.IsGradient(student, Student, "studentGradient");
        if (TeacherGradient is { } teacher) Guard.IsGradient(teacher, Student, "teacherGradient");
    }
}
