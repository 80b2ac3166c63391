namespace KdKernels.Core;

/// <summary>The columns of the row metrics that <see cref="HintonLoss"/> writes.</summary>
public enum HintonMetric
{
    /// <summary><c>w[label] · (logΣexp(student) − student[label])</c>.</summary>
    CrossEntropy,

    /// <summary>The divergence, T² and class weights included.</summary>
    Kl,

    /// <summary>Entropy of softmax(student / T) in nats.</summary>
    StudentEntropy,

    /// <summary>Entropy of softmax(teacher / T) in nats.</summary>
    TeacherEntropy,

    /// <summary>
    /// 1 where the label is the student's first largest logit, else 0; 0 where the divergence is NaN.
    /// </summary>
    Hit,

    /// <summary>
    /// 1 where student and teacher have their first largest logit at the same class, else 0; 0 where the divergence is
    /// NaN.
    /// </summary>
    Agreement,
}
