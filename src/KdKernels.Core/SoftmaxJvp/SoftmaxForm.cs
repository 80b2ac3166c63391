namespace KdKernels;

/// <summary>Which function of the logits is differentiated.</summary>
public enum SoftmaxForm
{
    /// <summary>softmax(z / T).</summary>
    Softmax,

    /// <summary>log softmax(z / T): what a penalty on ‖∇ log S_y‖² needs, where ∇S_y / S_y divides by what underflows.</summary>
    LogSoftmax,
}
